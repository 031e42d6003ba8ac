package org.kat4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.kat4j.error.UserException;

/** Whatever bytes change: a valid array or one line for the user, never another exception. */
class IdxMutationTest {
  private static Path file = Path.of("");

  @BeforeContainer
  static void createFile() throws IOException {
    file = Files.createTempFile("mutated", ".idx");
  }

  @AfterContainer
  static void deleteFile() throws IOException {
    Files.deleteIfExists(file);
  }

  @Property(tries = 1000, seed = "20240916")
  void giveAnArrayOrAUserException(
      @ForAll boolean packed,
      @ForAll @IntRange(max = 40) int position,
      @ForAll byte value,
      @ForAll @IntRange(max = 80) int kept)
      throws IOException {
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
