package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class DamagedFilesTest {
  private static final int FILES = 4000;

  @Test
  void damagedFilesAreRefusedOrSound() throws IOException {
    var files = new DamagedFiles(20261124);
    for (int i = 0; i < FILES; i++) {
      files.check(files.next());
    }
    assertThat(files.refused).as("damage is noticed").isGreaterThan(FILES / 3);
    assertThat(files.sound).as("and not all of it hits").isGreaterThan(FILES / 20);
    assertThat(files.reasons).as("refused for many reasons").hasSizeGreaterThan(20);
  }
}
