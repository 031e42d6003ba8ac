package org.kat4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class ImageReadingTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void readsColourAndItsLuma() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0xC86432); // 200, 100, 50
    image.setRGB(1, 0, 0x010203);
    Path file = write(image, "colour.png");

    assertThat(ImageReading.read(file, 3, 1, 2))
        .containsExactly((byte) 200, 1, (byte) 100, 2, (byte) 50, 3);
    assertThat(ImageReading.read(file, 1, 1, 2)).containsExactly(124, 2);
    assertThat(ImageReading.size(file)).isEqualTo(new ImageReading.Size(1, 2));
  }

  /** Java takes grey as linear light and would turn a stored 100 into 168 when asked for RGB. */
  @Test
  void takesStoredGreyValuesAsTheyAre() throws IOException {
    for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
      BufferedImage image = new BufferedImage(1, 1, type);
      image.getRaster().setSample(0, 0, 0, type == BufferedImage.TYPE_BYTE_GRAY ? 100 : 100 << 8);
      Path file = write(image, "grey" + type + ".png");
      assertThat(ImageReading.read(file, 3, 1, 1)).containsExactly(100, 100, 100);
      assertThat(ImageReading.read(file, 1, 1, 1)).containsExactly(100);
    }
  }

  @Test
  void readsPalettesAndDropsTransparency() throws IOException {
    BufferedImage palette = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    palette.setRGB(1, 0, 0xFFFFFF);
    assertThat(ImageReading.read(write(palette, "bits.png"), 1, 1, 2))
        .containsExactly(0, (byte) 255);

    BufferedImage indexed = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_INDEXED);
    indexed.setRGB(0, 0, 0xFF0000);
    assertThat(ImageReading.read(write(indexed, "palette.png"), 3, 1, 1))
        .containsExactly((byte) 255, 0, 0);

    BufferedImage transparent = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    transparent.setRGB(0, 0, 0x10112233);
    assertThat(ImageReading.read(write(transparent, "alpha.png"), 3, 1, 1))
        .containsExactly(0x11, 0x22, 0x33);
  }

  @Test
  void tellsFormatsByContentAndReadsJpeg() throws IOException {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 256; i++) {
      image.setRGB(i % 16, i / 16, 0x64C832);
    }
    Path jpeg = folder.resolve("a.png");
    ImageIO.write(image, "jpg", jpeg.toFile());
    byte[] pixels = ImageReading.read(jpeg, 3, 16, 16);
    // One colour has no detail to lose; what is left is rounding of the colour transform.
    assertThat(Byte.toUnsignedInt(pixels[0])).isBetween(98, 102);
    assertThat(Byte.toUnsignedInt(pixels[256])).isBetween(198, 202);
    assertThat(Byte.toUnsignedInt(pixels[512])).isBetween(48, 52);
  }

  @Test
  void scalesTheShorterSideAndCutsTheMiddle() throws IOException {
    // Three 4 x 4 fields beside each other: only the middle one is left.
    BufferedImage image = new BufferedImage(12, 4, BufferedImage.TYPE_BYTE_GRAY);
    for (int x = 0; x < 12; x++) {
      for (int y = 0; y < 4; y++) {
        image.getRaster().setSample(x, y, 0, x / 4 * 100);
      }
    }
    byte[] same = ImageReading.read(write(image, "wide.png"), 1, 4, 4);
    assertThat(same).containsOnly(100);

    byte[] half = ImageReading.read(write(image, "wide.png"), 1, 2, 2);
    byte[] scaled = ImageReading.read(write(image, "wide.png"), 1, 2, 6);
    assertThat(half).containsExactly(scaled[2], scaled[3], scaled[8], scaled[9]);
  }

  @Test
  void namesTheFileThatIsNoImage() throws IOException {
    Path good = write(new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB), "good.png");
    byte[] bytes = Files.readAllBytes(good);
    assertRefused("not a PNG, JPEG or WebP image", "hello".getBytes(StandardCharsets.UTF_8));
    assertRefused("not a PNG, JPEG or WebP image", new byte[0]);
    assertRefused("damaged", Arrays.copyOf(bytes, 20));
    assertRefused("damaged", Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> ImageReading.read(folder.resolve("none.png"), 3, 1, 1))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no such file");
    for (String device : new String[] {"/dev/zero", folder.toString()}) { // read, it would not end
      assertThatThrownBy(() -> ImageReading.read(Path.of(device), 3, 1, 1))
          .isInstanceOf(UserException.class)
          .hasMessageStartingWith(device + ": ");
    }
  }

  /** A few bytes of header may claim 10 gigapixels; memory must not be asked for. */
  @Test
  void refusesTooManyPixelsBeforeDecoding() throws IOException {
    Path good = write(new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB), "good.png");
    byte[] bytes = Files.readAllBytes(good);
    ByteBuffer header = ByteBuffer.wrap(bytes);
    header.putInt(16, 100_000).putInt(20, 100_000);
    CRC32 crc = new CRC32();
    crc.update(bytes, 12, 17);
    header.putInt(29, (int) crc.getValue());
    assertRefused("100000 x 100000 pixels are too many", bytes);
  }

  private void assertRefused(String reason, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("bad.png"), content);
    assertThatThrownBy(() -> ImageReading.read(file, 3, 4, 4))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(reason)
        .hasMessageNotContaining("\n");
  }

  private Path write(BufferedImage image, String name) throws IOException {
    Path file = folder.resolve(name);
    assertThat(ImageIO.write(image, "png", file.toFile())).isTrue();
    return file;
  }
}
