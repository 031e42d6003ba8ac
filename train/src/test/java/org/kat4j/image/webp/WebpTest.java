package org.kat4j.image.webp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the pixels that libwebp 1.6 gives for the same files, stored as PNG. */
class WebpTest {
  private static final int RGB = 0xffffff;

  private static byte[] file(String name) throws IOException {
    try (InputStream in = WebpTest.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }

  private static int[] rgb(Webp.Pixels pixels) {
    return Arrays.stream(pixels.argb()).map(argb -> argb & RGB).toArray();
  }

  private static Webp.Pixels decode(byte[] file) throws IOException {
    return Webp.decode(file, () -> {});
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lossy-segments",
        "lossy-simple-filter",
        "lossy-noise",
        "lossy-fields",
        "lossy-fine",
        "lossy-alpha",
        "lossless-waves",
        "lossless-fields",
        "lossless-noise",
        "lossless-palette",
        "lossless-two-colors"
      })
  void pixelsAreThoseOfLibwebp(String name) throws IOException {
    byte[] file = file(name + ".webp");
    Webp.Pixels pixels = decode(file);
    try (InputStream in = WebpTest.class.getResourceAsStream(name + ".png")) {
      var expected = ImageIO.read(Objects.requireNonNull(in));
      int width = expected.getWidth();
      int height = expected.getHeight();
      assertThat(pixels.width()).isEqualTo(width).isEqualTo(Webp.width(file));
      assertThat(pixels.height()).isEqualTo(height).isEqualTo(Webp.height(file));
      int[] levels = expected.getRGB(0, 0, width, height, null, 0, width);
      assertThat(rgb(pixels)).isEqualTo(Arrays.stream(levels).map(p -> p & RGB).toArray());
    }
  }

  /** The first frame lies where the animation puts it, on a canvas without colour. */
  @Test
  void anAnimationGivesItsFirstFrameOnItsCanvas() throws IOException {
    byte[] still = file("lossless-two-colors.webp"); // 45 x 30
    byte[] chunk = Arrays.copyOfRange(still, 12, still.length);
    ByteBuffer file = ByteBuffer.allocate(12 + 18 + 24 + chunk.length);
    file.order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes()).putInt(file.capacity() - 8).put("WEBP".getBytes());
    file.put("VP8X".getBytes()).putInt(10).putInt(2);
    file.put(three(60 - 1)).put(three(50 - 1));
    file.put("ANMF".getBytes()).putInt(16 + chunk.length);
    file.put(three(10 / 2)).put(three(20 / 2)).put(three(45 - 1)).put(three(30 - 1));
    file.putInt(0).put(chunk);
    Webp.Pixels canvas = decode(file.array());
    assertThat(canvas.width()).isEqualTo(60);
    assertThat(canvas.height()).isEqualTo(50);
    int[] frame = rgb(decode(still));
    int[] expected = new int[60 * 50];
    for (int row = 0; row < 30; row++) {
      System.arraycopy(frame, 45 * row, expected, 60 * (20 + row) + 10, 45);
    }
    assertThat(rgb(canvas)).isEqualTo(expected);
    file.put(12 + 18 + 8, (byte) 8); // the frame would reach over the right edge
    assertThatThrownBy(() -> decode(file.array()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("over the canvas");
  }

  private static byte[] three(int value) {
    return new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16)};
  }

  /** Codes of one bit and zeros behind the end: a decoder that made up bits would never end. */
  @Test
  void ninetyBytesThatClaimThousandsAreRefused() {
    byte[] file =
        Base64.getDecoder()
            .decode(
                "UklGRpIZAABXRUJQVlA4TIUZAAAvP8ALEAkyaZuz7fyLnoSI/i8CsPHYGywYRZKkqGL4tbH+ZeKhEMZtJCny"
                    + "0l0/V5d/nAxi2DaSIj/z918oHav/IRuhc6t4");
    assertThatThrownBy(() -> decode(file)).hasMessage("it ends too early");
    assertThatThrownBy(() -> decode(cut(file, file.length))).hasMessage("it ends too early");
  }

  /** Also when the lengths in the file were made to fit what is left of it. */
  @ParameterizedTest
  @ValueSource(strings = {"lossy-segments", "lossy-fields", "lossless-waves", "lossless-palette"})
  void everyCutIsRefused(String name) throws IOException {
    byte[] whole = file(name + ".webp");
    ByteBuffer chunk = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    int end = 20 + chunk.getInt(16);
    boolean lossless = name.startsWith("lossless");
    for (int length = 0; length < end; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> decode(cut)).as("%d bytes", length).isInstanceOf(IOException.class);
      if (length >= 30 && (lossless || length < end - 2)) { // an arithmetic coder ends with padding
        byte[] repaired = cut(whole, length);
        assertThatThrownBy(() -> decode(repaired))
            .as("%d bytes with fitting lengths", length)
            .isInstanceOf(IOException.class);
      }
    }
  }

  private static byte[] cut(byte[] whole, int length) {
    byte[] cut = Arrays.copyOf(whole, length);
    ByteBuffer.wrap(cut)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(4, length - 8)
        .putInt(16, length - 20);
    return cut;
  }
}
