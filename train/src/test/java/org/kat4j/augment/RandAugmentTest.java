package org.kat4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.data.RandomStream;
import org.kat4j.error.UserException;
import org.kat4j.image.Box;
import org.kat4j.image.Picture;

class RandAugmentTest {
  @Test
  void readsTimmsTexts() {
    assertThat(RandAugment.named("rand-m9-mstd0.5"))
        .isEqualTo(new RandAugment(2, 0.5, 9, 0.5, 10, false));
    assertThat(RandAugment.named("rand-m7-n3-p0.8-mstd101-mmax15-inc0"))
        .isEqualTo(new RandAugment(3, 0.8, 7, 101, 15, true)); // any inc switches, as in timm
    assertThat(RandAugment.named("rand")).isEqualTo(new RandAugment(2, 0.5, 10, 0, 10, false));
    assertThat(RandAugment.named("none").operations()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m9", "rand-m", "rand-x3", "rand--m9", "rand-m9-p2"})
  void saysWhatItDoesNotKnow(String text) {
    assertThatThrownBy(() -> RandAugment.named(text))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(text);
  }

  @Test
  void magnitudesAreNormalAndCut() {
    RandAugment policy = RandAugment.named("rand-m9-mstd0.5");
    RandomStream random = RandomStream.of(1);
    double sum = 0;
    int atTheEnd = 0;
    for (int i = 0; i < 10_000; i++) {
      double magnitude = policy.drawMagnitude(random);
      assertThat(magnitude).isBetween(0.0, 10.0);
      atTheEnd += magnitude == 10 ? 1 : 0;
      sum += magnitude;
    }
    // Above 9 + 2 * 0.5 lie 2.3 % of a normal distribution; five standard deviations of 10,000.
    assertThat(atTheEnd).isBetween(228 - 75, 228 + 75);
    assertThat(sum / 10_000).isEqualTo(9, within(0.03));
    RandAugment uniform = RandAugment.named("rand-m8-mstd101");
    assertThat(uniform.drawMagnitude(random)).isBetween(0.0, 8.0);
  }

  @Test
  void theSameStreamGivesTheSamePicture() {
    byte[] pixels = new byte[3 * 20 * 30];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 37);
    }
    Picture picture = new Picture(3, 20, 30, pixels);
    int changed = 0;
    for (int key = 0; key < 200; key++) {
      byte[] once = apply(picture, key);
      assertThat(apply(picture, key)).isEqualTo(once);
      changed += Arrays.equals(once, pixels) ? 0 : 1;
    }
    assertThat(picture.pixels()).isEqualTo(pixels);
    // Each of two operations is carried out with probability 1/2, and most change something.
    assertThat(changed).isBetween(100, 160);
  }

  private static byte[] apply(Picture picture, long key) {
    return RandAugment.named("rand-m9-mstd0.5-inc1")
        .apply(picture, Interpolation.RANDOM, new byte[3], RandomStream.of(key))
        .pixels();
  }

  @Test
  void cropsLieInsideAndKeepTheirRanges() {
    ResizedCrop crop = new ResizedCrop(true, 0.08, 1, 0.75, 4.0 / 3, Interpolation.RANDOM);
    double smallest = 1;
    for (int key = 0; key < 2000; key++) {
      Box part = crop.draw(100, 150, RandomStream.of(key));
      assertThat(part.top()).isNotNegative();
      assertThat(part.left() + part.width()).isLessThanOrEqualTo(150);
      assertThat(part.top() + part.height()).isLessThanOrEqualTo(100);
      double share = part.width() * part.height() / 15000.0;
      smallest = Math.min(smallest, share);
      assertThat(share).isGreaterThan(0.075);
      assertThat((double) part.width() / part.height()).isBetween(0.72, 1.40); // rounded sides
    }
    assertThat(smallest).isLessThan(0.1);
  }

  /** No part of the wanted shape fits: the middle of the picture in the nearest shape. */
  @Test
  void aThinPictureIsCutInTheMiddle() {
    ResizedCrop crop = new ResizedCrop(true, 1, 1, 0.75, 4.0 / 3, Interpolation.BICUBIC);
    assertThat(crop.draw(100, 400, RandomStream.of(1))).isEqualTo(new Box(0, 133, 100, 133));
    assertThat(crop.draw(400, 90, RandomStream.of(1))).isEqualTo(new Box(140, 0, 120, 90));
  }

  @Test
  void erasingWritesOneBoxThatIsNotTheWholeImage() {
    int height = 16;
    int width = 12;
    for (Erasing.Mode mode : Erasing.Mode.values()) {
      Erasing erasing = new Erasing(1, mode, 1, 0.02, 1.0 / 3, 0.3);
      float[] image = new float[2 * height * width];
      Arrays.fill(image, 100);
      erasing.apply(image, 2, height, width, RandomStream.of(5));
      int erased = 0;
      for (float value : image) {
        erased += value == 100 ? 0 : 1;
        assertThat(value == 100 || Math.abs(value) < 6).isTrue();
      }
      assertThat(erased / 2.0 / (height * width)).as("%s", mode).isBetween(0.005, 0.45);
    }
    float[] untouched = new float[4];
    Erasing.NONE.apply(untouched, 1, 2, 2, RandomStream.of(1));
    assertThat(untouched).containsOnly(0);
  }
}
