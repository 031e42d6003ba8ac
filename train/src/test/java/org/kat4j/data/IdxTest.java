package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class IdxTest {
  private static final Normalization HALF = new Normalization(new float[] {.5f}, new float[] {.5f});

  @TempDir private Path folder = Path.of("");

  @Test
  void readsPlainAndGzippedFilesWhateverTheirName() throws IOException {
    byte[] images = IdxBytes.images(3, 2, 5);
    Path plain = write("plain.gz", images);
    Path packed = write("packed", IdxBytes.gzip(images));

    for (Path file : List.of(plain, packed)) {
      Idx array = Idx.read(file, 3, null);
      assertThat(array.shape()).containsExactly(3, 2, 5);
      assertThat(array.data()).isEqualTo(Arrays.copyOfRange(images, 16, images.length));
    }
  }

  /** A megabyte of packed zeros announces, and holds, more than fits. */
  @Test
  void whatDoesNotFitIntoMemoryIsRefusedInOneLine() throws IOException {
    Path file = folder.resolve("bomb");
    int size = (int) Math.min(Runtime.getRuntime().maxMemory() / 2 + 1, Integer.MAX_VALUE - 8);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(ByteBuffer.allocate(8).putInt(0x801).putInt(size).array());
      byte[] noise = new byte[size / 1000]; // the announced size is believed of so long a file
      new Random(1).nextBytes(noise);
      out.write(noise);
    }
    if (size > Runtime.getRuntime().maxMemory() / 2) {
      assertThatThrownBy(() -> Idx.read(file, 1, null))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("do not fit into the Java heap")
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void makesASetOfImagesAndLabels() throws IOException {
    Path images = write("images", IdxBytes.images(4, 3, 3));
    Path labels = write("labels", IdxBytes.labels(1, 0, 2, 1));

    IdxImages pair = IdxImages.read(images, labels, null, null);
    ImageSet set = pair.toSet(pair.numberedClasses(), HALF, labels);

    assertThat(set.size()).isEqualTo(4);
    assertThat(set.classNames()).containsExactly("0", "1", "2");
    assertThat(set.label(2)).isEqualTo(2);
    byte[] target = new byte[11];
    set.read(1, target, 2);
    assertThat(target[0]).isZero();
    assertThat(target[2]).isEqualTo((byte) (9 * 37));
    assertThat(target[10]).isEqualTo((byte) (17 * 37));
  }

  @Test
  void namesTheFileThatIsWrong() throws IOException {
    byte[] good = IdxBytes.images(3, 2, 2);
    byte[] packed = IdxBytes.gzip(good);
    assertRefused("ends too early", Arrays.copyOf(good, good.length - 1));
    assertRefused("ends too early", Arrays.copyOf(good, 7));
    assertRefused("ends too early", new byte[0]);
    assertRefused("ends too early", Arrays.copyOf(packed, packed.length - 9));
    assertRefused("bytes follow", Arrays.copyOf(good, good.length + 1));
    assertRefused(
        "magic number 00000801, expected 00000803", IdxBytes.labels(1, 2, 3, 4, 5, 6, 7, 8, 9));

    byte[] damaged = packed.clone();
    damaged[damaged.length - 6] ^= 1; // a byte of the stored CRC
    assertRefused("compressed data is damaged", damaged);
  }

  /** A header of 2^31 images must not reach the allocator, packed or not. */
  @Test
  void refusesSizesTheFileCannotHold() throws IOException {
    byte[] huge = IdxBytes.images(1, 2, 2);
    huge[4] = (byte) 0x80;
    assertRefused("cannot hold", huge);
    assertRefused("cannot hold", IdxBytes.gzip(huge));
    byte[] overflowing = IdxBytes.images(1, 2, 2);
    Arrays.fill(overflowing, 4, 16, (byte) 0xff);
    assertRefused("cannot hold", overflowing);
    byte[] empty = IdxBytes.images(1, 2, 2);
    empty[7] = 0;
    assertRefused("cannot hold", empty);
  }

  @Test
  void refusesAWrongChecksumLabelOrCount() throws IOException {
    Path images = write("images", IdxBytes.images(2, 2, 2));
    assertThatThrownBy(() -> Idx.read(images, 3, "0".repeat(64)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(images + ": not the published file");

    Path three = write("three", IdxBytes.labels(0, 1, 2));
    assertThatThrownBy(() -> IdxImages.read(images, three, null, null))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(three + ": 3 labels for the 2 images of " + images);

    Path two = write("two", IdxBytes.labels(0, 7));
    assertThatThrownBy(
            () -> IdxImages.read(images, two, null, null).toSet(List.of("a", "b"), HALF, two))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(two + ": label 7 of image 1");
  }

  private void assertRefused(String reason, byte[] content) throws IOException {
    Path file = write("file", content);
    assertThatThrownBy(() -> Idx.read(file, 3, null))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(reason);
  }

  private Path write(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }
}
