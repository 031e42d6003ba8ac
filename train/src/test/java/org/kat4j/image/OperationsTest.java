package org.kat4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kat4j.image.Levels.bytes;
import static org.kat4j.image.Levels.ints;

import org.junit.jupiter.api.Test;

/** Worked examples of sheet 00 (training recipes); whole images are compared by the goldens. */
class OperationsTest {

  @Test
  void lumaIsPillows() {
    assertThat(ints(new Picture(3, 1, 1, bytes(200, 100, 50)).luma())).containsExactly(124);
  }

  @Test
  void autoContrastStretches() {
    assertThat(ints(PointOperations.autoContrast(row(10, 20, 30, 40)).pixels()))
        .containsExactly(0, 85, 170, 255);
    assertThat(ints(PointOperations.autoContrast(row(7, 7)).pixels())).containsExactly(7, 7);
  }

  /** Values 10, 20, 30, 40 with counts 300, 300, 300, 124. */
  @Test
  void equalizeFlattens() {
    int[] values = new int[1024];
    for (int i = 0; i < values.length; i++) {
      values[i] = 10 * (1 + i / 300);
    }
    int[] equal = ints(PointOperations.equalize(row(values)).pixels());
    assertThat(new int[] {equal[0], equal[300], equal[600], equal[900]})
        .containsExactly(0, 100, 200, 255);
    assertThat(ints(PointOperations.equalize(row(7, 7)).pixels())).containsExactly(7, 7);
  }

  @Test
  void posterizeAndSolarizeAtTheirEnds() {
    assertThat(ints(PointOperations.posterize(row(0, 129, 255), 8).pixels()))
        .containsExactly(0, 129, 255);
    assertThat(ints(PointOperations.posterize(row(0, 129, 255), 0).pixels()))
        .containsExactly(0, 0, 0);
    assertThat(ints(PointOperations.posterize(row(0, 129, 255), 1).pixels()))
        .containsExactly(0, 128, 128);
    assertThat(ints(PointOperations.solarize(row(0, 100, 255), 256).pixels()))
        .containsExactly(0, 100, 255);
    assertThat(ints(PointOperations.solarize(row(0, 100, 255), 100).pixels()))
        .containsExactly(0, 155, 0);
    assertThat(ints(PointOperations.solarizeAdd(row(0, 127, 128), 99).pixels()))
        .containsExactly(99, 226, 128);
  }

  /** Nothing moves: bilinear and bicubic give the pixels back, whatever the fill. */
  @Test
  void affineIdentityChangesNothing() {
    Picture picture = new Picture(1, 2, 3, bytes(1, 50, 255, 0, 128, 7));
    byte[] fill = bytes(99);
    assertThat(Affine.shift(0, 0).apply(picture, Resampling.BICUBIC, fill).pixels())
        .isEqualTo(picture.pixels());
    assertThat(Affine.rotation(360, 2, 3).apply(picture, Resampling.BILINEAR, fill).pixels())
        .isEqualTo(picture.pixels());
  }

  @Test
  void affineFillsWhatComesIntoView() {
    Picture moved = Affine.shift(1, 0).apply(row(1, 2, 3), Resampling.BILINEAR, bytes(99));
    assertThat(ints(moved.pixels())).containsExactly(2, 3, 99);
    Picture turned = Affine.rotation(180, 1, 3).apply(row(1, 2, 3), Resampling.BICUBIC, bytes(99));
    assertThat(ints(turned.pixels())).containsExactly(3, 2, 1);
  }

  /** 400 x 300 to a crop of 224: shorter side 256 and 248, as sheet 00 says. */
  @Test
  void evaluationCutsTheMiddle() {
    byte[] ramp = new byte[300 * 400];
    for (int i = 0; i < ramp.length; i++) {
      ramp[i] = (byte) (i % 400 / 2);
    }
    Picture crop =
        new EvaluationTransform(0.875, Resampling.BILINEAR)
            .apply(new Picture(1, 300, 400, ramp), 224, 224);
    // Scaled to 341 x 256, cut from column rint(58.5) = 58: the middle of column 0 lies at 68.6.
    assertThat(crop.pixels()[0]).isEqualTo((byte) 34);
    assertThat(crop.width()).isEqualTo(224);
  }

  private static Picture row(int... values) {
    return new Picture(1, 1, values.length, bytes(values));
  }
}
