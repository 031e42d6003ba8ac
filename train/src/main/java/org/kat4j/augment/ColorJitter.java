package org.kat4j.augment;

import java.util.random.RandomGenerator;
import org.kat4j.image.Enhancement;
import org.kat4j.image.Picture;

/**
 * Brightness, contrast and saturation, in random order, each by a factor drawn uniformly from
 * max(0, 1 - strength) to 1 + strength. Source: torchvision's {@code ColorJitter}.
 */
final class ColorJitter {
  private ColorJitter() {}

  static Picture apply(Picture picture, double strength, RandomGenerator random) {
    int[] order = {0, 1, 2};
    for (int i = 2; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
    Picture result = picture;
    for (int change : order) {
      double factor = Draw.uniform(random, Math.max(0, 1 - strength), 1 + strength);
      result =
          switch (change) {
            case 0 -> Enhancement.brightness(result, factor);
            case 1 -> Enhancement.contrast(result, factor);
            default -> Enhancement.color(result, factor);
          };
    }
    return result;
  }
}
