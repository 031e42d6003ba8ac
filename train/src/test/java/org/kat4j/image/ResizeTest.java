package org.kat4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kat4j.image.Levels.bytes;
import static org.kat4j.image.Levels.ints;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResizeTest {
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

  /** Also computed with Pillow. */
  @Test
  void bilinearEqualsPillow() {
    assertThat(resizeRow(ROW, 4, Resampling.BILINEAR)).containsExactly(36, 125, 200, 79);
  }

  /** A part is resized as if the rest were not there. */
  @Test
  void aPartDoesNotSeeItsSurroundings() {
    Picture picture = new Picture(1, 3, 10, new byte[30]);
    Arrays.fill(picture.pixels(), (byte) 255);
    for (int i = 0; i < 8; i++) {
      picture.pixels()[10 + 1 + i] = (byte) ROW[i];
    }
    Picture part = Resize.part(picture, new Box(1, 1, 1, 8), 1, 4, Resampling.BICUBIC);
    assertThat(ints(part.pixels())).containsExactly(27, 125, 217, 67);
  }

  @Test
  void nearestTakesThePixelUnderTheCentre() {
    assertThat(resizeRow(ROW, 4, Resampling.NEAREST)).containsExactly(50, 150, 250, 0);
    assertThat(resizeRow(new int[] {1, 2}, 4, Resampling.NEAREST)).containsExactly(1, 1, 2, 2);
  }

  /** Box weighs alike: the mean of each pair, rounded half up. */
  @Test
  void boxIsTheMean() {
    assertThat(resizeRow(ROW, 4, Resampling.BOX)).containsExactly(25, 125, 225, 50);
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
    Picture picture = new Picture(1, 9, 11, pixels);
    byte[] window = Resize.window(picture, 13, 6, new Box(7, 2, 4, 3), Resampling.BICUBIC).pixels();
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
    assertThat(whole(new Picture(1, line.length, 1, line))).containsOnly(77);
    assertThat(whole(new Picture(1, 1, line.length, line))).containsOnly(77);
  }

  private static byte[] resize(
      byte[] pixels, int channels, int height, int width, int toHeight, int toWidth) {
    Picture picture = new Picture(channels, height, width, pixels);
    Box all = new Box(0, 0, toHeight, toWidth);
    return Resize.window(picture, toHeight, toWidth, all, Resampling.BICUBIC).pixels();
  }

  private static byte[] whole(Picture picture) {
    return EvaluationTransform.WHOLE.apply(picture, 224, 224).pixels();
  }

  private static int[] resizeRow(int[] row, int width) {
    return resizeRow(row, width, Resampling.BICUBIC);
  }

  private static int[] resizeRow(int[] row, int width, Resampling resampling) {
    Picture picture = new Picture(1, 1, row.length, bytes(row));
    return ints(Resize.window(picture, 1, width, new Box(0, 0, 1, width), resampling).pixels());
  }
}
