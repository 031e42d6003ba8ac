package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BicubicTest {
  private static final int[] ROW = {0, 50, 100, 150, 200, 250, 100, 0};

  /** Rows computed with Pillow. */
  @Test
  void equalsPillow() {
    assertThat(resizeRow(ROW, 4)).containsExactly(27, 125, 217, 67);
    assertThat(resizeRow(ROW, 5)).containsExactly(16, 94, 182, 211, 34);
    assertThat(resizeRow(ROW, 3)).containsExactly(45, 182, 112);
    assertThat(resizeRow(new int[] {10, 200, 30, 90}, 8))
        .containsExactly(0, 50, 170, 177, 65, 32, 75, 95);
  }

  @Test
  void columnsAreResampledAsRowsAre() {
    byte[] column = resize(bytes(ROW), 1, 8, 1, 5, 1);
    assertThat(ints(column)).containsExactly(16, 94, 182, 211, 34);
  }

  @Test
  void planesAreKeptApart() {
    byte[] planes = new byte[3 * 4 * 4];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (byte) (i / 16 * 100);
    }
    byte[] resized = resize(planes, 3, 4, 4, 3, 7);
    for (int i = 0; i < resized.length; i++) {
      assertThat(Byte.toUnsignedInt(resized[i])).isEqualTo(i / 21 * 100);
    }
  }

  @Test
  void theSameSizeChangesNothing() {
    assertThat(ints(resize(bytes(ROW), 1, 2, 4, 2, 4))).containsExactly(ROW);
  }

  @Test
  void aWindowIsAPartOfTheWhole() {
    byte[] pixels = new byte[9 * 11];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 53);
    }
    byte[] whole = resize(pixels, 1, 9, 11, 13, 6);
    byte[] window = Bicubic.resize(new Picture(1, 9, 11, pixels), 13, 6, 7, 2, 4, 3);
    for (int row = 0; row < 4; row++) {
      for (int column = 0; column < 3; column++) {
        assertThat(window[row * 3 + column]).isEqualTo(whole[(7 + row) * 6 + 2 + column]);
      }
    }
  }

  /** Scaled as a whole this line would have 14 thousand million pixels. */
  @Test
  void aHairThinPictureCostsNoMemory() {
    byte[] line = new byte[64_000_000];
    Arrays.fill(line, (byte) 77);
    assertThat(new Picture(1, line.length, 1, line).fit(224, 224)).containsOnly(77);
    assertThat(new Picture(1, 1, line.length, line).fit(224, 224)).containsOnly(77);
  }

  private static byte[] resize(
      byte[] pixels, int channels, int height, int width, int toHeight, int toWidth) {
    Picture picture = new Picture(channels, height, width, pixels);
    return Bicubic.resize(picture, toHeight, toWidth, 0, 0, toHeight, toWidth);
  }

  private static int[] resizeRow(int[] row, int width) {
    return ints(resize(bytes(row), 1, 1, row.length, 1, width));
  }

  private static byte[] bytes(int[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static int[] ints(byte[] bytes) {
    int[] values = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      values[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return values;
  }
}
