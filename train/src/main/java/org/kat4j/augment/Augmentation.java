package org.kat4j.augment;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.kat4j.error.UserException;

/**
 * The usual light augmentation of small images: random crop after zero padding, then random
 * horizontal flip.
 *
 * @param flip whether to mirror left and right with probability 1/2
 * @param padCrop pixels of zero padding on each side before an image-sized crop at a random place;
 *     0 for none
 */
public record Augmentation(boolean flip, int padCrop) {
  private static final int LARGEST_PADDING = 256;

  /** Leaves images as they are. */
  public static final Augmentation NONE = new Augmentation(false, 0);

  public Augmentation {
    if (padCrop < 0 || padCrop > LARGEST_PADDING) {
      throw new UserException(
          "augmentation.padCrop is %d: give a number of pixels from 0 to %d"
              .formatted(padCrop, LARGEST_PADDING));
    }
  }

  /**
   * Changes one image in place.
   *
   * @param image pixels {@code [channels, height, width]}, filling the array
   * @param random decides place and mirroring; the same stream gives the same change
   */
  public void apply(byte[] image, int channels, int height, int width, RandomGenerator random) {
    if (image.length != channels * height * width) {
      throw new IllegalArgumentException(
          image.length + " pixels are not [" + channels + ", " + height + ", " + width + "]");
    }
    if (padCrop > 0) {
      int down = random.nextInt(2 * padCrop + 1) - padCrop;
      int right = random.nextInt(2 * padCrop + 1) - padCrop;
      for (int channel = 0; channel < channels; channel++) {
        shift(image, channel * height * width, height, width, down, right);
      }
    }
    if (flip && random.nextBoolean()) {
      for (int row = 0; row < channels * height; row++) {
        mirror(image, row * width, width);
      }
    }
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

  private static void mirror(byte[] image, int start, int width) {
    for (int left = start, right = start + width - 1; left < right; left++, right--) {
      byte swapped = image[left];
      image[left] = image[right];
      image[right] = swapped;
    }
  }
}
