package org.kat4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.kat4j.augment.Mixing.Mix;
import org.kat4j.data.RandomStream;
import org.kat4j.image.Box;

class MixingTest {
  /** The worked examples of sheet 00. */
  @Test
  void boxesOfCutmix() {
    assertThat(Mixing.paste(0.5, 224, 224, 112, 112).box()).isEqualTo(new Box(33, 33, 158, 158));
    assertThat(Mixing.paste(0.5, 224, 224, 112, 112).share()).isEqualTo(0.50247130, within(1e-8));
    assertThat(Mixing.paste(0.5, 224, 224, 10, 200).box()).isEqualTo(new Box(0, 121, 89, 103));
    assertThat(Mixing.paste(0.5, 224, 224, 10, 200).share()).isEqualTo(0.81730309, within(1e-8));
    assertThat(Mixing.paste(0.9, 224, 224, 112, 112).box()).isEqualTo(new Box(77, 77, 70, 70));
    assertThat(Mixing.paste(0.9, 224, 224, 112, 112).share()).isEqualTo(0.90234375);
  }

  @Test
  void blendsAreRoundedToEvenBytes() {
    byte[] target = new byte[4];
    byte[] image = {0, 10, (byte) 255, 3};
    byte[] partner = {0, 20, 0, 4};
    Mixing.apply(new Mix.Blend(0.5), image, partner, target, 2, 2);
    assertThat(target).containsExactly(0, 15, (byte) 128, 4); // 127.5 and 3.5 go to the even one
    Mixing.apply(Mix.NONE, image, partner, target, 2, 2);
    assertThat(target).isEqualTo(image);
  }

  @Test
  void pastesTheBoxInEveryChannel() {
    byte[] image = new byte[2 * 9];
    byte[] partner = new byte[18];
    Arrays.fill(partner, (byte) 1);
    byte[] target = new byte[18];
    Mixing.apply(new Mix.Paste(0, new Box(1, 1, 2, 1)), image, partner, target, 3, 3);
    assertThat(target).containsExactly(0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0);
  }

  @Test
  void modesShareTheirDraws() {
    Mix[] batch = draw(Mixing.Mode.BATCH, 5);
    assertThat(batch).containsOnly(batch[0]);
    Mix[] pair = draw(Mixing.Mode.PAIR, 5);
    assertThat(pair[0]).isSameAs(pair[4]).isNotEqualTo(pair[1]);
    assertThat(pair[1]).isSameAs(pair[3]);
    assertThat(pair[2]).isSameAs(Mix.NONE);
    assertThat(draw(Mixing.Mode.ELEM, 5)).doesNotHaveDuplicates();
    assertThat(draw(Mixing.Mode.ELEM, 5)).isEqualTo(draw(Mixing.Mode.ELEM, 5));
  }

  private static Mix[] draw(Mixing.Mode mode, int count) {
    return new Mixing(0.8, 1, 1, 0.5, mode, 0).draw(count, 32, 32, RandomStream.of(3));
  }

  /** Five standard deviations of the counts of 4000 throws are below 160. */
  @Test
  void probabilitiesAreKept() {
    Mixing mixing = new Mixing(0.8, 1, 0.75, 0.2, Mixing.Mode.ELEM, 0);
    int none = 0;
    int pasted = 0;
    for (Mix mix : mixing.draw(4000, 32, 32, RandomStream.of(1))) {
      none += mix == Mix.NONE ? 1 : 0;
      pasted += mix instanceof Mix.Paste ? 1 : 0;
    }
    assertThat(none).isBetween(1000 - 160, 1000 + 160);
    assertThat(pasted).isBetween(600 - 160, 600 + 160);
  }

  @Test
  void endsAtItsEpoch() {
    Mixing mixing = new Mixing(0.8, 0, 1, 0.5, Mixing.Mode.BATCH, 2);
    assertThat(mixing.isOn(1)).isTrue();
    assertThat(mixing.isOn(2)).isFalse();
    assertThat(mixing.isEnabled()).isTrue();
    assertThat(Mixing.NONE.isOn(0)).isFalse();
  }

  /** Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)). */
  @Test
  void betaHasItsMoments() {
    for (double a : new double[] {0.2, 0.8, 1, 3}) {
      RandomStream random = RandomStream.of(7);
      int n = 40_000;
      double sum = 0;
      double squares = 0;
      for (int i = 0; i < n; i++) {
        double x = Draw.beta(random, a);
        sum += x;
        squares += (x - 0.5) * (x - 0.5);
      }
      double variance = 1 / (4 * (2 * a + 1));
      assertThat(sum / n).isEqualTo(0.5, within(5 * Math.sqrt(variance / n)));
      // (x - 1/2)^2 is at most 1/4 and so has a standard deviation below 1/8.
      assertThat(squares / n).isEqualTo(variance, within(5 * 0.125 / Math.sqrt(n)));
    }
  }
}
