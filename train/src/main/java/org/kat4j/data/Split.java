package org.kat4j.data;

import java.util.stream.IntStream;
import org.kat4j.error.UserException;

/**
 * A set cut in two, so that choices can be made without looking at the test images.
 *
 * @param train the larger part
 * @param validation the images held out of it
 */
public record Split(ImageSet train, ImageSet validation) {

  /**
   * Holds out a share of every class at random; both parts keep the order of the set.
   *
   * @param fraction share of each class to hold out, above 0 and below 1, rounded to whole images
   * @param seed decides which images; the same seed gives the same split
   * @throws UserException if the fraction is out of range or leaves one part empty
   */
  public static Split holdOut(ImageSet set, double fraction, long seed) {
    if (!(fraction > 0 && fraction < 1)) {
      throw new UserException(
          "hold-out fraction is %s: give a number above 0 and below 1".formatted(fraction));
    }
    int[] openPlaces = new int[set.classNames().size()];
    for (int i = 0; i < set.size(); i++) {
      openPlaces[set.label(i)]++;
    }
    for (int label = 0; label < openPlaces.length; label++) {
      openPlaces[label] = (int) StrictMath.rint(openPlaces[label] * fraction);
    }
    boolean[] heldOut = new boolean[set.size()];
    for (int i : RandomStream.of(seed).permutation(set.size())) {
      heldOut[i] = openPlaces[set.label(i)]-- > 0;
    }
    int[] validation = IntStream.range(0, heldOut.length).filter(i -> heldOut[i]).toArray();
    int[] train = IntStream.range(0, heldOut.length).filter(i -> !heldOut[i]).toArray();
    if (validation.length == 0 || train.length == 0) {
      throw new UserException(
          "holding out %s of %d images leaves one part empty: choose another fraction"
              .formatted(fraction, set.size()));
    }
    return new Split(new Subset(set, train), new Subset(set, validation));
  }
}
