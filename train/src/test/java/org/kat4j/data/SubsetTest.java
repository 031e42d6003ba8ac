package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kat4j.error.UserException;

class SubsetTest {
  private static final ImageSet SET = TestImages.numbered(30, 1, 2, 2);

  @Test
  void firstKeepsTheOrder() {
    ImageSet first = Subset.first(SET, 4);
    assertThat(first.size()).isEqualTo(4);
    assertThat(first.label(3)).isEqualTo(SET.label(3));
    assertThat(pixels(first, 3)).isEqualTo(pixels(SET, 3));
    assertThatThrownBy(() -> Subset.first(SET, 31))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("give a number from 1 to 30");
  }

  @Test
  void holdOutTakesTheSameShareOfEveryClassAndNothingTwice() {
    Split split = Split.holdOut(SET, 0.2, 7);

    assertThat(split.validation().size()).isEqualTo(6);
    int[] counts = new int[3];
    Set<Byte> seen = new HashSet<>();
    for (int i = 0; i < split.validation().size(); i++) {
      counts[split.validation().label(i)]++;
      seen.add(pixels(split.validation(), i)[0]);
    }
    for (int i = 0; i < split.train().size(); i++) {
      seen.add(pixels(split.train(), i)[0]);
    }
    assertThat(counts).containsOnly(2);
    assertThat(seen).hasSize(30);
  }

  @Test
  void holdOutDependsOnTheSeedAlone() {
    assertThat(pixels(Split.holdOut(SET, 0.5, 7).validation()))
        .isEqualTo(pixels(Split.holdOut(SET, 0.5, 7).validation()))
        .isNotEqualTo(pixels(Split.holdOut(SET, 0.5, 8).validation()));
  }

  @Test
  void holdOutRefusesSharesThatLeaveNothing() {
    for (double fraction : new double[] {0, 1, Double.NaN, 0.01}) {
      assertThatThrownBy(() -> Split.holdOut(SET, fraction, 1)).isInstanceOf(UserException.class);
    }
  }

  private static byte[] pixels(ImageSet set, int index) {
    byte[] image = new byte[4];
    set.read(index, image, 0);
    return image;
  }

  private static byte[] pixels(ImageSet set) {
    byte[] images = new byte[4 * set.size()];
    for (int i = 0; i < set.size(); i++) {
      set.read(i, images, 4 * i);
    }
    return images;
  }
}
