package org.kat4j.augment;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.kat4j.config.Check;
import org.kat4j.error.UserException;
import org.kat4j.image.Picture;

/**
 * What happens to each training image, in this order: random resized crop, or random crop after
 * zero padding; flip; RandAugment, or colour jitter where there is no RandAugment; and, once it is
 * normalised, erasing. Source: timm's {@code create_transform}.
 *
 * @param flip whether to mirror left and right with probability 1/2
 * @param padCrop pixels of zero padding on each side before an image-sized crop at a random place;
 *     0 for none
 * @param resizedCrop a random part scaled to the input
 * @param randAugment random operations on the pixels
 * @param colorJitter strength of random brightness, contrast and saturation, 0 for none
 * @param erasing random rectangles that are overwritten
 * @param repeats how often an image comes, each time changed anew, while an epoch stays as long as
 *     it is: 1, or 3 in DeiT's recipe
 */
public record Augmentation(
    boolean flip,
    int padCrop,
    ResizedCrop resizedCrop,
    RandAugment randAugment,
    double colorJitter,
    Erasing erasing,
    int repeats) {
  private static final int LARGEST_PADDING = 256;

  /** Leaves images as they are. */
  public static final Augmentation NONE = new Augmentation(false, 0);

  public Augmentation {
    if (padCrop < 0 || padCrop > LARGEST_PADDING) {
      throw new UserException(
          "augmentation.padCrop is %d: give a number of pixels from 0 to %d"
              .formatted(padCrop, LARGEST_PADDING));
    }
    Check.inRange("colorJitter", colorJitter, 0, Double.POSITIVE_INFINITY);
    Check.between("repeats", repeats, 1, 100);
  }

  /** The usual light augmentation of small images. */
  public Augmentation(boolean flip, int padCrop) {
    this(flip, padCrop, ResizedCrop.NONE, RandAugment.NONE, 0, Erasing.NONE, 1);
  }

  /**
   * All but the erasing of one image.
   *
   * @param picture may be changed in place
   * @param height rows of the result
   * @param width columns of the result; without resized crop the picture has this size already
   * @param fill one byte for each channel, for what comes into view
   * @param random decides everything; the same stream gives the same change
   */
  public Picture apply(
      Picture picture, int height, int width, byte[] fill, RandomGenerator random) {
    Picture result = picture;
    if (resizedCrop.enabled()) {
      result = resizedCrop.apply(picture, height, width, random);
    }
    if (padCrop > 0) {
      int down = random.nextInt(2 * padCrop + 1) - padCrop;
      int right = random.nextInt(2 * padCrop + 1) - padCrop;
      for (int channel = 0; channel < result.channels(); channel++) {
        shift(result.pixels(), channel * height * width, height, width, down, right);
      }
    }
    if (flip && random.nextBoolean()) {
      result.mirror();
    }
    if (randAugment.operations() > 0) {
      return randAugment.apply(result, resizedCrop.interpolation(), fill, random);
    }
    return colorJitter > 0 ? ColorJitter.apply(result, colorJitter, random) : result;
  }

  /** Moves one plane, filling with zeros what comes into view: a crop of the padded image. */
  private static void shift(byte[] image, int plane, int height, int width, int down, int right) {
    int columns = Math.max(0, width - Math.abs(right));
    int to = Math.clamp(right, 0, width);
    int from = Math.clamp(-right, 0, width);
    for (int i = 0; i < height; i++) {
      // A row must be read before it is overwritten: go against the direction of the shift.
      int row = down > 0 ? height - 1 - i : i;
      int start = plane + row * width;
      int source = row - down;
      if (source < 0 || source >= height) {
        Arrays.fill(image, start, start + width, (byte) 0);
        continue;
      }
      System.arraycopy(image, plane + source * width + from, image, start + to, columns);
      Arrays.fill(image, start, start + to, (byte) 0);
      Arrays.fill(image, start + to + columns, start + width, (byte) 0);
    }
  }
}
