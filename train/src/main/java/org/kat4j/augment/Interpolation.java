package org.kat4j.augment;

import java.util.random.RandomGenerator;
import org.kat4j.image.Resampling;

/** The filter of a random change: a fixed one, or one of the two drawn anew each time. */
public enum Interpolation {
  RANDOM,
  BILINEAR,
  BICUBIC;

  Resampling draw(RandomGenerator random) {
    return switch (this) {
      case RANDOM -> random.nextBoolean() ? Resampling.BILINEAR : Resampling.BICUBIC;
      case BILINEAR -> Resampling.BILINEAR;
      case BICUBIC -> Resampling.BICUBIC;
    };
  }
}
