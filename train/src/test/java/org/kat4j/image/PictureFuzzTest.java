package org.kat4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.error.UserException;

/** Small files of each format, cut and damaged at every place: a picture or one line, and soon. */
class PictureFuzzTest {
  private static final int SECONDS = 2;

  private enum Kind {
    PNG,
    JPEG,
    PROGRESSIVE_JPEG,
    LOSSY_WEBP,
    LOSSLESS_WEBP;

    byte[] file() throws IOException {
      return switch (this) {
        case LOSSY_WEBP -> resource("webp/lossy-simple-filter.webp");
        case LOSSLESS_WEBP -> resource("webp/lossless-palette.webp");
        default -> written(this);
      };
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = PictureFuzzTest.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }

  private static byte[] written(Kind kind) throws IOException {
    BufferedImage image = new BufferedImage(12, 10, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 120; i++) {
      image.setRGB(i % 12, i / 12, i * 0x51237);
    }
    ImageWriter writer =
        ImageIO.getImageWritersByFormatName(kind == Kind.PNG ? "png" : "jpeg").next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    if (kind == Kind.PROGRESSIVE_JPEG) {
      param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    var bytes = new ByteArrayOutputStream();
    try (var out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), param);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private static Picture decode(byte[] file) {
    return ImageReading.decode(file, "fuzz", 3, false, DecodingLimit.in(SECONDS, TimeUnit.SECONDS));
  }

  @ParameterizedTest
  @EnumSource
  void aCutFileIsRefused(Kind kind) throws IOException {
    byte[] whole = kind.file();
    byte[] pixels = decode(whole).pixels();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      if (kind == Kind.PNG && length >= whole.length - 24) {
        assertWholeOrRefused(cut, pixels); // checksums and the end: all pixels are there
      } else {
        assertThatThrownBy(() -> decode(cut))
            .as("%d of %d bytes", length, whole.length)
            .isInstanceOf(UserException.class);
      }
    }
  }

  private static void assertWholeOrRefused(byte[] cut, byte[] pixels) {
    try {
      assertThat(decode(cut).pixels()).isEqualTo(pixels);
    } catch (UserException refused) {
      assertThat(refused).hasMessageStartingWith("fuzz: ");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDamagedFileIsDecodedOrRefusedInOneLine(Kind kind) throws IOException {
    byte[] whole = kind.file();
    for (int at = 0; at < whole.length; at++) {
      for (int flip : new int[] {1, 4, 16, 128, 255}) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) flip;
        try {
          Picture picture = decode(damaged);
          assertThat(picture.channels()).isEqualTo(3);
        } catch (UserException refused) {
          assertThat(refused.getMessage()).startsWith("fuzz: ").doesNotContain("\n", "too long");
        }
      }
    }
  }
}
