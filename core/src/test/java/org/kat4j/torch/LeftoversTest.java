package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
  @TempDir private Path folder;

  /** A killed process could not delete what it had begun. */
  @Test
  void theNextWriterDeletesThem() throws IOException {
    Path old = part("last.0123456789ab.part", 3600);
    Path atWork = part("last.0123456789ac.part", 0);
    Path ofAnother = part("last2.0123456789ab.part", 3600);
    Path download = part("last.part", 3600);
    Path ofTheUser = part("last.bin.part", 3600);
    AtomicFile.write(folder.resolve("last"), "new");
    assertThat(old).doesNotExist();
    for (Path kept : new Path[] {atWork, ofAnother, download, ofTheUser}) {
      assertThat(kept).exists();
    }
    assertThat(folder.resolve("last")).hasContent("new");
  }

  private Path part(String name, int secondsAgo) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "half");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(secondsAgo)));
    return file;
  }
}
