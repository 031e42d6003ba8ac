package org.kat4j.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Valid images of few bytes that take a decoder as long as a server lets it. */
final class WorstImages {
  private static final int SIDE = 4000; // 16 million pixels: as many as a server takes
  private static final int SCANS = 62; // 10^9 pixels times scans: as much as is decoded

  private WorstImages() {}

  /** PNG, progressive JPEG with and without as many scans as are let in, WebP. */
  static List<byte[]> all() {
    return List.of(
        written("png", BufferedImage.TYPE_INT_RGB),
        scans(SCANS),
        webp(),
        scans(1500),
        written("png", BufferedImage.TYPE_USHORT_GRAY),
        written("jpeg", BufferedImage.TYPE_INT_RGB));
  }

  private static byte[] written(String format, int type) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    if (format.equals("jpeg")) {
      param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    var bytes = new ByteArrayOutputStream();
    try (var out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(new BufferedImage(SIDE, SIDE, type), null, null), param);
    } catch (IOException impossible) { // nothing but memory is written
      throw new UncheckedIOException(impossible);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** A progressive JPEG whose last scan comes again and again. */
  private static byte[] scans(int count) {
    byte[] file = written("jpeg", BufferedImage.TYPE_BYTE_GRAY);
    int last = 0;
    int there = 0;
    for (int i = 0; i + 1 < file.length; i++) {
      if (file[i] == (byte) 0xff && file[i + 1] == (byte) 0xda) {
        last = i;
        there++;
      }
    }
    var bytes = new ByteArrayOutputStream();
    bytes.write(file, 0, file.length - 2);
    for (int scan = there; scan < count; scan++) {
      bytes.write(file, last, file.length - 2 - last);
    }
    bytes.write(file, file.length - 2, 2);
    return bytes.toByteArray();
  }

  /** A lossless WebP of one colour, whose pixels take no bits at all. */
  private static byte[] webp() {
    ByteBuffer file = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(24);
    file.put("WEBPVP8L".getBytes(StandardCharsets.US_ASCII)).putInt(12);
    file.put((byte) 0x2f).putInt(SIDE - 1 | SIDE - 1 << 14);
    // No transform, cache or blocks: three bits. Five codes of one symbol 0: 1, 0, 0, 0 each.
    long bits = 0;
    for (int code = 0; code < 5; code++) {
      bits |= 1L << 3 + 4 * code;
    }
    file.putInt((int) bits);
    return file.array();
  }
}
