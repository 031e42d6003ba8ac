package org.kat4j.bench.fuzz;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.kat4j.image.ImageReading;

/** Pictures, as training, evaluation and serving decode them. */
final class Pictures {
  private static final int SIDE = 40;

  private Pictures() {}

  static List<Kind> kinds() {
    return List.of(
        new Kind(
            "png",
            List.of(
                png(BufferedImage.TYPE_INT_RGB),
                png(BufferedImage.TYPE_BYTE_INDEXED),
                png(BufferedImage.TYPE_USHORT_GRAY),
                png(BufferedImage.TYPE_INT_ARGB)),
            Pictures::decode),
        new Kind(
            "jpeg",
            List.of(
                jpeg(BufferedImage.TYPE_INT_RGB, false), jpeg(BufferedImage.TYPE_BYTE_GRAY, false)),
            Pictures::decode),
        new Kind(
            "jpeg-progressive",
            List.of(
                jpeg(BufferedImage.TYPE_INT_RGB, true), jpeg(BufferedImage.TYPE_BYTE_GRAY, true)),
            Pictures::decode),
        new Kind(
            "webp",
            List.of(
                Kinds.resource("lossless.webp"),
                Kinds.resource("lossy.webp"),
                Kinds.resource("animated.webp")),
            Pictures::decode));
  }

  private static void decode(byte[] content, Object scratch) {
    var _ = ImageReading.decode(content, "picture", 3, true);
  }

  static byte[] png(int type) {
    var out = new ByteArrayOutputStream();
    try {
      ImageIO.write(picture(type), "png", new MemoryCacheImageOutputStream(out));
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    }
    return out.toByteArray();
  }

  private static byte[] jpeg(int type, boolean progressive) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    var out = new ByteArrayOutputStream();
    try (var stream = new MemoryCacheImageOutputStream(out)) {
      ImageWriteParam settings = writer.getDefaultWriteParam();
      settings.setProgressiveMode(
          progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
      writer.setOutput(stream);
      writer.write(null, new IIOImage(picture(type), null, null), settings);
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  private static BufferedImage picture(int type) {
    var picture = new BufferedImage(SIDE, SIDE, type);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        picture.setRGB(x, y, 0xff000000 | (x * 6) << 16 | (x * y % 256) << 8 | (255 - y * 6));
      }
    }
    return picture;
  }
}
