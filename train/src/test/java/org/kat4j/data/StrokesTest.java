package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class StrokesTest {
  private static final ImageData STROKES = Strokes.open();
  private static final int AREA = Strokes.SIZE * Strokes.SIZE;

  @Test
  void hasTenBalancedClassesAndTheStatedSizes() {
    assertThat(STROKES.train().size()).isEqualTo(12_000);
    assertThat(STROKES.validation().size()).isEqualTo(2_000);
    assertThat(STROKES.train().classNames())
        .containsExactly(
            "circle",
            "cross",
            "triangle",
            "square",
            "star",
            "heart",
            "arrow",
            "spiral",
            "wave",
            "zigzag");
    int[] counts = new int[10];
    for (int i = 0; i < STROKES.train().size(); i++) {
      counts[STROKES.train().label(i)]++;
    }
    assertThat(counts).containsOnly(1_200);
  }

  /** The set is part of every reported result, so a changed bit must not pass unnoticed. */
  @Test
  void hasTheSameBitsEverywhere() {
    MessageDigest digest = Sha256.start();
    for (ImageSet set : new ImageSet[] {STROKES.train(), STROKES.validation()}) {
      byte[] image = new byte[AREA];
      for (int i = 0; i < set.size(); i++) {
        set.read(i, image, 0);
        digest.update(image);
        digest.update((byte) set.label(i));
      }
    }
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .isEqualTo("a587be1f7c4d5e31bab6205853221012b5c88d7e1b4416f70c3cabbd2e2aaa0d");
  }

  @Test
  void isNotSolvedByTheNearestClassMean() {
    double[][] means = new double[10][AREA];
    byte[] image = new byte[AREA];
    for (int i = 0; i < STROKES.train().size(); i++) {
      STROKES.train().read(i, image, 0);
      for (int p = 0; p < AREA; p++) {
        means[STROKES.train().label(i)][p] += Byte.toUnsignedInt(image[p]) / 1_200.0;
      }
    }
    int right = 0;
    for (int i = 0; i < STROKES.validation().size(); i++) {
      STROKES.validation().read(i, image, 0);
      right += nearest(means, image) == STROKES.validation().label(i) ? 1 : 0;
    }
    assertThat(right / 2_000.0).isBetween(0.5, 0.9);
  }

  @Test
  void noTestImageIsATrainingImage() {
    var seen = new HashSet<ByteBuffer>();
    for (int i = 0; i < STROKES.train().size(); i++) {
      byte[] image = new byte[AREA];
      STROKES.train().read(i, image, 0);
      assertThat(seen.add(ByteBuffer.wrap(image))).isTrue();
    }
    for (int i = 0; i < STROKES.validation().size(); i++) {
      byte[] image = new byte[AREA];
      STROKES.validation().read(i, image, 0);
      assertThat(seen.add(ByteBuffer.wrap(image))).isTrue();
    }
  }

  private static int nearest(double[][] means, byte[] image) {
    int best = 0;
    double bestDistance = Double.POSITIVE_INFINITY;
    for (int c = 0; c < means.length; c++) {
      double distance = 0;
      for (int p = 0; p < image.length; p++) {
        double difference = Byte.toUnsignedInt(image[p]) - means[c][p];
        distance += difference * difference;
      }
      if (distance < bestDistance) {
        best = c;
        bestDistance = distance;
      }
    }
    return best;
  }
}
