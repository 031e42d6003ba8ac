package org.kat4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TranspositionTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "7, 9", "8, 8", "16, 24", "17, 31", "64, 5"})
  void rowsBecomeColumns(int rows, int columns) {
    int start = 3;
    int pitch = columns + 2;
    int at = 4;
    int toPitch = rows + 1;
    byte[] from = new byte[start + rows * pitch];
    new Random(1).nextBytes(from);
    byte[] to = new byte[at + columns * toPitch];
    Transposition.apply(from, start, pitch, rows, columns, to, at, toPitch);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        assertThat(to[at + column * toPitch + row]).isEqualTo(from[start + row * pitch + column]);
      }
    }
  }
}
