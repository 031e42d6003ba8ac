package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The small form of {@link EarlyKill}. */
class EarlyKillTest {
  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(longs = {0, 5, 40, 300})
  void aRunThatIsKilledAtItsBeginningCanBeUsed(long millis)
      throws IOException, InterruptedException {
    EarlyKill.killAndGoOn(folder.resolve("run"), millis);
    assertThat(new RunFolder(folder.resolve("run")).last()).exists();
  }
}
