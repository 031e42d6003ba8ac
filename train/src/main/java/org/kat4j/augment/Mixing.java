package org.kat4j.augment;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.kat4j.config.Check;
import org.kat4j.image.Box;

/**
 * Mixup and cutmix: each image of a batch is mixed with its partner, the image at the mirrored
 * place of the batch, and so are their targets. Sources: arXiv 1710.09412 and 1905.04899, as timm
 * has them.
 *
 * @param mixup a of Beta(a, a) for mixup, 0 for no mixup
 * @param cutmix a of Beta(a, a) for cutmix, 0 for no cutmix
 * @param probability with which a batch, pair or image is mixed at all
 * @param switchProbability with which it is cutmix where both are there
 * @param mode what shares its draw
 * @param offEpoch number of epochs after which nothing is mixed any more, 0 for never
 */
public record Mixing(
    double mixup,
    double cutmix,
    double probability,
    double switchProbability,
    Mode mode,
    int offEpoch) {

  /** What shares its draw. */
  public enum Mode {
    /** The whole batch. */
    BATCH,
    /** An image and its partner. */
    PAIR,
    /** Nothing: each image has its own. */
    ELEM
  }

  /** From here on floats are whole: a sum with it is rounded, its last bits are the number. */
  private static final float UNITS = 1 << 23;

  /** Nothing is mixed; with timm's values otherwise. */
  public static final Mixing NONE = new Mixing(0, 0, 1, 0.5, Mode.BATCH, 0);

  public Mixing {
    Check.inRange("mixup", mixup, 0, Double.POSITIVE_INFINITY);
    Check.inRange("cutmix", cutmix, 0, Double.POSITIVE_INFINITY);
    checkProbability("probability", probability);
    checkProbability("switchProbability", switchProbability);
    Check.between("offEpoch", offEpoch, 0, 1_000_000);
  }

  private static void checkProbability(String field, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(field + " = " + value + ": from 0 to 1");
    }
  }

  /** Whether targets are mixed at all: soft ones, also after {@link #offEpoch}. */
  public boolean isEnabled() {
    return mixup > 0 || cutmix > 0;
  }

  /** Whether anything is mixed in an epoch, from 0. */
  public boolean isOn(int epoch) {
    return isEnabled() && (offEpoch == 0 || epoch < offEpoch);
  }

  /**
   * How one image is mixed with its partner; {@code share} is the image's own part of the target.
   */
  public sealed interface Mix {
    double share();

    /** Both are added up, the image with weight {@code share}. */
    record Blend(double share) implements Mix {}

    /** A box is taken from the partner. */
    record Paste(double share, Box box) implements Mix {}

    /** The image stays as it is. */
    Mix NONE = new Blend(1);
  }

  /** The mix of each of {@code count} images of {@code height} x {@code width}. */
  public Mix[] draw(int count, int height, int width, RandomGenerator random) {
    Mix[] mixes = new Mix[count];
    switch (mode) {
      case BATCH -> Arrays.fill(mixes, drawOne(height, width, random));
      case PAIR -> {
        Arrays.fill(mixes, Mix.NONE); // the middle of an odd batch has no partner
        for (int i = 0; i < count / 2; i++) {
          mixes[i] = drawOne(height, width, random);
          mixes[count - 1 - i] = mixes[i];
        }
      }
      case ELEM -> Arrays.setAll(mixes, _ -> drawOne(height, width, random));
    }
    return mixes;
  }

  private Mix drawOne(int height, int width, RandomGenerator random) {
    if (random.nextDouble() >= probability) {
      return Mix.NONE;
    }
    boolean both = mixup > 0 && cutmix > 0;
    boolean paste = both ? random.nextDouble() < switchProbability : cutmix > 0;
    double share = Draw.beta(random, paste ? cutmix : mixup);
    if (!paste) {
      return new Mix.Blend(share);
    }
    return paste(share, height, width, random.nextInt(height), random.nextInt(width));
  }

  /**
   * The box of cutmix: sides sqrt(1 - share) of the image's about a centre, cut at the border; the
   * share is then what is left of the image.
   */
  static Mix.Paste paste(double share, int height, int width, int centreRow, int centreColumn) {
    double ratio = StrictMath.sqrt(1 - share);
    int halfHeight = (int) (height * ratio) / 2;
    int halfWidth = (int) (width * ratio) / 2;
    int top = Math.clamp(centreRow - halfHeight, 0, height);
    int bottom = Math.clamp(centreRow + halfHeight, 0, height);
    int left = Math.clamp(centreColumn - halfWidth, 0, width);
    int right = Math.clamp(centreColumn + halfWidth, 0, width);
    double area = (double) (bottom - top) * (right - left);
    return new Mix.Paste(
        1 - area / ((double) height * width), new Box(top, left, bottom - top, right - left));
  }

  /**
   * Mixes one image into {@code target}; blends are rounded to bytes, ties to even, as numpy's
   * rint.
   *
   * @param image {@code [channels, height, width]}, as its partner and the target
   */
  public static void apply(
      Mix mix, byte[] image, byte[] partner, byte[] target, int height, int width) {
    switch (mix) {
      case Mix.Blend(double share) when share == 1 ->
          System.arraycopy(image, 0, target, 0, image.length);
      case Mix.Blend(double share) -> {
        float own = (float) share;
        float other = (float) (1 - share);
        for (int i = 0; i < image.length; i++) {
          float sum = (image[i] & 0xff) * own + (partner[i] & 0xff) * other;
          target[i] = (byte) Float.floatToRawIntBits(sum + UNITS);
        }
      }
      case Mix.Paste(double _, Box box) -> {
        System.arraycopy(image, 0, target, 0, image.length);
        for (int plane = 0; plane < image.length; plane += height * width) {
          for (int row = (int) box.top(); row < box.top() + box.height(); row++) {
            int start = plane + row * width + (int) box.left();
            System.arraycopy(partner, start, target, start, box.width());
          }
        }
      }
    }
  }
}
