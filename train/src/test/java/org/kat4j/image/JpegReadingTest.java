package org.kat4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.error.UserException;

/** What JPEGs from the wild have beside red, green and blue. */
class JpegReadingTest {

  /**
   * Four components with Adobe's marker: stored is 255 minus the ink, so the light that is left is
   * stored * black / 255. YCCK holds the inks themselves as YCbCr.
   */
  @ParameterizedTest
  @CsvSource({
    "0, 255, 255, 255, 255, 255, 255, 255", // no ink: white
    "0, 255, 0, 0, 255, 255, 0, 0", // magenta and yellow: red
    "0, 200, 100, 50, 128, 100, 50, 25", // half of the light
    "0, 200, 100, 50, 0, 0, 0, 0", // black
    "2, 0, 128, 128, 255, 255, 255, 255", // no ink
    "2, 255, 128, 128, 255, 0, 0, 0", // all inks
    "2, 55, 128, 128, 128, 100, 100, 100" // grey of 200 at half of the light
  })
  void fourComponents(int transform, int c, int m, int y, int k, int red, int green, int blue)
      throws IOException {
    byte[] file = JpegSegments.with(fourComponents(c, m, y, k), 0xee, adobe(transform));
    Picture picture = ImageReading.decode(file, "test", 3, false);
    assertThat(picture.width()).isEqualTo(16);
    int[] expected = {red, green, blue};
    for (int channel = 0; channel < 3; channel++) {
      // One colour has no detail to lose; what is left is rounding of coefficients.
      assertThat(Byte.toUnsignedInt(picture.pixels()[channel * 256 + 100]))
          .isBetween(expected[channel] - 2, expected[channel] + 2);
    }
  }

  @Test
  void withoutAdobesTransformThreeComponentsAreRedGreenBlue() throws IOException {
    byte[] ycc = jpeg(flat(0x64C832));
    int[] colours = firstPixel(ImageReading.decode(ycc, "test", 3, false));
    assertThat(colours[0]).isBetween(98, 102);
    assertThat(colours[1]).isBetween(198, 202);
    byte[] withoutJfif = withoutSegment(ycc, 0xe0);
    byte[] rgb = JpegSegments.with(withoutJfif, 0xee, adobe(0));
    int[] stored = firstPixel(ImageReading.decode(rgb, "test", 3, false));
    // Y = 0.299 R + 0.587 G + 0.114 B = 153: now it is taken for red.
    assertThat(stored[0]).isBetween(151, 155);
  }

  @Test
  void orientationTurnsOnlyWhenAskedFor() throws IOException {
    BufferedImage image = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 16; x++) {
        image.setRGB(x, y, 0xffffff); // the upper left quarter is bright
      }
    }
    byte[] upright = jpeg(image);
    // Where that quarter is to be seen once the picture is turned: left or right, up or down.
    String[] places = {
      "left up",
      "right up",
      "right down",
      "left down",
      "left up",
      "right up",
      "right down",
      "left down"
    };
    for (int orientation = 1; orientation <= 8; orientation++) {
      byte[] file =
          JpegSegments.with(upright, 0xe1, JpegSegments.exif(orientation, orientation % 2 == 0));
      assertThat(place(ImageReading.decode(file, "test", 1, false))).isEqualTo("left up");
      Picture turned = ImageReading.decode(file, "test", 1, true);
      assertThat(turned.width()).isEqualTo(orientation < 5 ? 32 : 16);
      assertThat(place(turned))
          .as("orientation %d", orientation)
          .isEqualTo(places[orientation - 1]);
    }
    assertThat(JpegHeader.of(JpegSegments.with(upright, 0xe1, JpegSegments.EXIF)).orientation())
        .isEqualTo(1);
    assertThat(
            JpegHeader.of(JpegSegments.with(upright, 0xe1, JpegSegments.exif(9, true)))
                .orientation())
        .isEqualTo(1);
  }

  /** Pipelines whose numbers are published do not apply colour profiles. */
  @Test
  void colourProfilesAreIgnored() throws IOException {
    byte[] plain = jpeg(flat(0x64C832));
    byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    byte[] segment = new byte[14 + profile.length];
    System.arraycopy("ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII), 0, segment, 0, 12);
    segment[12] = 1;
    segment[13] = 1;
    System.arraycopy(profile, 0, segment, 14, profile.length);
    byte[] profiled = JpegSegments.with(plain, 0xe2, segment);
    assertThat(ImageReading.decode(profiled, "test", 3, false).pixels())
        .isEqualTo(ImageReading.decode(plain, "test", 3, false).pixels());
  }

  /** libjpeg would make up the rest in grey. */
  @Test
  void aCutFileIsBroken() throws IOException {
    BufferedImage noise = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 4096; i++) {
      noise.setRGB(i % 64, i / 64, i * 7919);
    }
    byte[] whole = jpeg(noise);
    for (int length : new int[] {whole.length / 2, whole.length - 200, 30, 700}) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> ImageReading.decode(cut, "cut.jpg", 3, false))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(UserException.class)
          .hasMessageStartingWith("cut.jpg: the image is damaged");
    }
  }

  /** Each scan is a pass over the whole picture; usual progressive files have about ten. */
  @Test
  void scansAreCountedBeforeAnyIsDecoded() throws IOException {
    byte[] file = progressive(64);
    int last = lastScan(file);
    byte[] scan = Arrays.copyOfRange(file, last, file.length - 2);
    assertThat(ImageReading.decode(repeated(file, scan, 20), "few.jpg", 1, false).area())
        .isEqualTo(64 * 64);
    byte[] many = repeated(file, scan, 1500);
    assertThatThrownBy(() -> ImageReading.decode(many, "many.jpg", 3, false))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("many.jpg: ")
        .hasMessageContaining("too many scans");
    assertThatThrownBy(() -> JpegScans.of(repeated(file, scan, 60)).checkWork(64_000_000))
        .hasMessageContaining("too many scans for its size");
  }

  /** The same as if it were rendered after each scan, which takes that much longer. */
  @Test
  void aProgressiveFileIsRenderedOnce() throws IOException {
    byte[] file = progressive(50);
    int[] rendered =
        ImageIO.read(new ByteArrayInputStream(file))
            .getRaster()
            .getSamples(0, 0, 50, 50, 0, new int[2500]);
    assertThat(Levels.ints(ImageReading.decode(file, "test", 1, false).pixels()))
        .isEqualTo(rendered);
  }

  /** A picture of which only coarse scans are there looks whole to the decoder. */
  @Test
  void aCutProgressiveFileIsBroken() throws IOException {
    byte[] file = progressive(64);
    for (int tenth = 3; tenth < 10; tenth++) {
      byte[] cut = Arrays.copyOf(file, file.length * tenth / 10);
      assertThatThrownBy(() -> ImageReading.decode(cut, "cut.jpg", 3, false))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("ends too early");
    }
  }

  private static byte[] repeated(byte[] file, byte[] scan, int times) {
    var result = new ByteArrayOutputStream();
    result.write(file, 0, file.length - 2);
    for (int i = 0; i < times; i++) {
      result.writeBytes(scan);
    }
    result.write(file, file.length - 2, 2);
    return result.toByteArray();
  }

  private static int lastScan(byte[] file) {
    int last = -1;
    for (int i = 0; i + 1 < file.length; i++) {
      last = file[i] == (byte) 0xff && file[i + 1] == (byte) 0xda ? i : last;
    }
    return last;
  }

  private static byte[] progressive(int side) throws IOException {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < side * side; i++) {
      image.getRaster().setSample(i % side, i / side, 0, i * 7919 >> 3 & 0xff);
    }
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    var bytes = new ByteArrayOutputStream();
    try (var out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), param);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** Decoders check the numbers of a profile's pieces, though nobody asked for the profile. */
  @Test
  void profilesInOddPiecesAreIgnored() throws IOException {
    byte[] plain = jpeg(flat(0x64C832));
    byte[] piece = "ICC_PROFILE\0\1\1garbage".getBytes(StandardCharsets.US_ASCII);
    byte[] twice = JpegSegments.with(JpegSegments.with(plain, 0xe2, piece), 0xe2, piece);
    assertThat(ImageReading.decode(twice, "test", 3, false).pixels())
        .isEqualTo(ImageReading.decode(plain, "test", 3, false).pixels());
    assertThat(ImageReading.size(twice, "test")).isEqualTo(new ImageReading.Size(16, 16));
  }

  @Test
  void headersThatLieAreHarmless() {
    for (int length = 0; length < 40; length++) {
      byte[] bytes = new byte[length];
      Arrays.fill(bytes, (byte) 0xff);
      assertThat(JpegHeader.of(bytes).orientation()).isEqualTo(1);
      for (int i = 2; i + 1 < length; i += 2) {
        bytes[i + 1] = (byte) 0xe1;
      }
      assertThat(JpegHeader.of(bytes).orientation()).isEqualTo(1);
    }
  }

  /** One pixel each, lossy and lossless. */
  @Test
  void readsWebp() {
    for (String file :
        new String[] {
          "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA",
          "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
        }) {
      Picture picture =
          ImageReading.decode(Base64.getDecoder().decode(file), "test.webp", 3, false);
      assertThat(picture.width()).isEqualTo(1);
      assertThat(picture.height()).isEqualTo(1);
      assertThat(picture.channels()).isEqualTo(3);
    }
  }

  private static String place(Picture picture) {
    int best = 0;
    String place = "";
    for (boolean down : new boolean[] {false, true}) {
      for (boolean right : new boolean[] {false, true}) {
        int row = picture.height() * (down ? 3 : 1) / 4;
        int column = picture.width() * (right ? 3 : 1) / 4;
        int value = Byte.toUnsignedInt(picture.pixels()[row * picture.width() + column]);
        if (value > best) {
          best = value;
          place = (right ? "right" : "left") + (down ? " down" : " up");
        }
      }
    }
    return place;
  }

  private static int[] firstPixel(Picture picture) {
    int[] values = new int[3];
    Arrays.setAll(values, c -> Byte.toUnsignedInt(picture.pixels()[c * picture.area()]));
    return values;
  }

  private static BufferedImage flat(int rgb) {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 256; i++) {
      image.setRGB(i % 16, i / 16, rgb);
    }
    return image;
  }

  private static byte[] jpeg(BufferedImage image) throws IOException {
    var bytes = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, "jpeg", bytes)).isTrue();
    return bytes.toByteArray();
  }

  private static byte[] fourComponents(int... values) throws IOException {
    WritableRaster raster = Raster.createInterleavedRaster(0, 16, 16, 4, null);
    for (int band = 0; band < 4; band++) {
      int[] samples = new int[256];
      Arrays.fill(samples, values[band]);
      raster.setSamples(0, 0, 16, 16, band, samples);
    }
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    var bytes = new ByteArrayOutputStream();
    try (var out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(raster, null, null), null);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private static byte[] adobe(int transform) {
    return new byte[] {'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform};
  }

  private static byte[] withoutSegment(byte[] file, int marker) {
    assertThat(file[3] & 0xff).isEqualTo(marker);
    int length = 2 + ((file[4] & 0xff) << 8 | file[5] & 0xff);
    byte[] result = new byte[file.length - length];
    System.arraycopy(file, 0, result, 0, 2);
    System.arraycopy(file, 2 + length, result, 2, file.length - 2 - length);
    return result;
  }
}
