package org.kat4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kat4j.data.RandomStream;
import org.kat4j.error.UserException;
import org.kat4j.image.Picture;

class AugmentationTest {

  @Test
  void noneChangesNothing() {
    byte[] image = {1, 2, 3, 4};
    apply(Augmentation.NONE, image, 1, 2, 2, 1);
    assertThat(image).containsExactly(1, 2, 3, 4);
  }

  @Test
  void flipMirrorsRowsHalfOfTheTime() {
    int mirrored = 0;
    for (int i = 0; i < 1000; i++) {
      byte[] image = {1, 2, 3, 4, 5, 6};
      apply(new Augmentation(true, 0), image, 2, 1, 3, i);
      if (image[0] == 3) {
        assertThat(image).containsExactly(3, 2, 1, 6, 5, 4);
        mirrored++;
      } else {
        assertThat(image).containsExactly(1, 2, 3, 4, 5, 6);
      }
    }
    // Five standard deviations of a fair coin thrown 1000 times.
    assertThat(mirrored).isBetween(421, 579);
  }

  /** Against the definition: pad a copy with zeros, then cut at the place the stream draws. */
  @Test
  void padCropIsACropOfThePaddedImage() {
    Random drawn = new Random(2);
    for (int i = 0; i < 300; i++) {
      padCropIsACropOfThePaddedImage(
          drawn.nextInt(1, 10),
          drawn.nextInt(1, 4),
          drawn.nextInt(1, 8),
          drawn.nextInt(1, 8),
          drawn.nextLong());
    }
  }

  private static void padCropIsACropOfThePaddedImage(
      int padding, int channels, int height, int width, long key) {
    byte[] image = new byte[channels * height * width];
    for (int i = 0; i < image.length; i++) {
      image[i] = (byte) (i + 1);
    }
    RandomStream random = RandomStream.of(key);
    int top = 2 * padding - random.nextInt(2 * padding + 1);
    int left = 2 * padding - random.nextInt(2 * padding + 1);
    byte[] expected = new byte[image.length];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int row = top + y - padding;
          int column = left + x - padding;
          boolean inside = row >= 0 && row < height && column >= 0 && column < width;
          expected[(c * height + y) * width + x] =
              inside ? image[(c * height + row) * width + column] : 0;
        }
      }
    }

    apply(new Augmentation(false, padding), image, channels, height, width, key);

    assertThat(image)
        .as("padding %d, [%d, %d, %d], key %d", padding, channels, height, width, key)
        .isEqualTo(expected);
  }

  @Test
  void refusesPaddingOutOfRange() {
    assertThatThrownBy(() -> new Augmentation(true, -1))
        .isInstanceOf(UserException.class)
        .hasMessage("augmentation.padCrop is -1: give a number of pixels from 0 to 256");
  }

  /** In place. */
  private static void apply(
      Augmentation augmentation, byte[] image, int channels, int height, int width, long key) {
    Picture picture = new Picture(channels, height, width, image);
    augmentation.apply(picture, height, width, new byte[channels], RandomStream.of(key));
  }
}
