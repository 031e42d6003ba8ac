package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

/** Whatever bytes change: a valid array or one line for the user, never another exception. */
class IdxMutationTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void giveAnArrayOrAUserException() throws IOException {
    Random drawn = new Random(20240916);
    for (int i = 0; i < 1000; i++) {
      giveAnArrayOrAUserException(
          drawn.nextBoolean(), drawn.nextInt(41), (byte) drawn.nextInt(), drawn.nextInt(81));
    }
  }

  private void giveAnArrayOrAUserException(boolean packed, int position, byte value, int kept)
      throws IOException {
    Path file = folder.resolve("mutated.idx");
    byte[] content = IdxBytes.images(3, 2, 4);
    if (packed) {
      content = IdxBytes.gzip(content);
    }
    content[Math.min(position, content.length - 1)] = value;
    Files.write(file, Arrays.copyOf(content, Math.min(kept, content.length)));
    try {
      Idx array = Idx.read(file, 3, null);
      int[] shape = array.shape();
      assertThat(array.data()).hasSize(shape[0] * shape[1] * shape[2]);
    } catch (UserException e) {
      assertThat(e).hasMessageStartingWith(file.toString());
    }
  }
}
