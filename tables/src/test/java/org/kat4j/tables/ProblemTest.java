package org.kat4j.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;
import org.kat4j.tables.Preparation.Encoding;
import org.kat4j.tables.Preparation.Missing;

class ProblemTest {
  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();

  private Table table(String text) throws IOException {
    return TableReader.read(Files.writeString(folder.resolve("t.csv"), text), Reading.usual());
  }

  private Problem problem(String text, Missing missing, Encoding encoding) throws IOException {
    return Problem.of(table(text), "y", null, new Preparation(missing, encoding), notes::add);
  }

  private void refused(String text, String... parts) throws IOException {
    Table table = table(text);
    assertThatThrownBy(() -> Problem.of(table, "y", null, Preparation.usual(), notes::add))
        .isInstanceOf(UserException.class)
        .message()
        .contains(parts)
        .doesNotContain("\n");
  }

  @Test
  void wordsBecomeColumnsOfZeroAndOne() throws IOException {
    String text = "a,sex,colour,y\n1,M,red,no\n2,F,blue,yes\n3,M,green,no\n";
    Problem problem = problem(text, Missing.ERROR, Encoding.ONE_HOT);
    assertThat(problem.features())
        .containsExactly("a", "sex=M", "colour=blue", "colour=green", "colour=red");
    assertThat(problem.x()[1]).containsExactly(2, 0, 1, 0, 0);
    assertThat(problem.task()).isEqualTo(Task.CLASSIFICATION);
    assertThat(problem.classes()).containsExactly("no", "yes");
    assertThat(problem.y()).containsExactly(0, 1, 0);
    assertThat(problem(text, Missing.ERROR, Encoding.ORDINAL).x()[0]).containsExactly(1, 1, 2);
  }

  @Test
  void wholeNumbersAreClassesAndOthersANumber() throws IOException {
    Problem classes = problem("a,y\n1,4\n2,2\n3,4\n", Missing.ERROR, Encoding.ONE_HOT);
    assertThat(classes.classes()).containsExactly("2", "4");
    assertThat(classes.y()).containsExactly(1, 0, 1);
    Problem number = problem("a,y\n1,4.5\n2,2\n3,4\n", Missing.ERROR, Encoding.ONE_HOT);
    assertThat(number.task()).isEqualTo(Task.REGRESSION);
  }

  @Test
  void missingValuesNeedAWord() throws IOException {
    String text = "a,w,y\n1,u,0\n,v,1\n3,,0\n5,u,1\n";
    refused(text, "'a' in 1 rows", "'w' in 1 rows", "--missing drop");
    Problem dropped = problem(text, Missing.DROP, Encoding.ONE_HOT);
    assertThat(dropped.rows()).isEqualTo(2);
    assertThat(notes).anyMatch(note -> note.startsWith("2 of 4 rows"));
    Problem filled = problem(text, Missing.MEAN, Encoding.ONE_HOT);
    assertThat(filled.rows()).isEqualTo(4);
    assertThat(filled.features()).contains("w=(missing)");
    // The mean of the rows that a scaling was fitted on: 1 and 3, not 5.
    Scaling scaling = Scaling.fit(Scaling.Kind.NONE, filled.rows(new int[] {0, 1, 2}).x());
    assertThat(scaling.apply(filled.x())[1][0]).isEqualTo(2);
  }

  @Test
  void constantColumnsAreNamedAndLeftOut() throws IOException {
    Problem problem = problem("a,b,w,y\n1,7,q,0\n2,7,q,1\n", Missing.ERROR, Encoding.ONE_HOT);
    assertThat(problem.features()).containsExactly("a");
    assertThat(notes)
        .containsExactly(
            "column 'b' is constant (7.0): left out", "column 'w' is constant: left out");
  }

  @Test
  void nothingToLearnIsRefused() throws IOException {
    refused("a,y\n1,0\n", "1 usable row");
    refused("a,y\n1,x\n2,x\n", "every row has the class 'x'");
    refused("a,y\n1,3\n2,3\n", "every row has the class '3'");
    refused("b,y\n7,0\n7,1\n", "no column to predict");
    Table words = table("a,y\n1,u\n2,v\n");
    assertThatThrownBy(
            () -> Problem.of(words, "y", Task.REGRESSION, Preparation.usual(), notes::add))
        .hasMessageContaining("holds words");
    assertThatThrownBy(() -> Problem.of(words, "z", null, Preparation.usual(), notes::add))
        .hasMessageContaining("unknown column");
  }

  @Test
  void identifiersAreNotFeatures() throws IOException {
    StringBuilder text = new StringBuilder("id,y\n");
    for (int i = 0; i < 200; i++) {
      text.append("row").append(i).append(',').append(i % 2).append('\n');
    }
    refused(text.toString(), "200 different words");
  }

  @Test
  void scalingsKnowTheTrainingRowsOnly() {
    double[][] train = {{0}, {1}, {2}, {3}};
    double[][] other = {{-5}, {1}, {9}};
    assertThat(columns(Scaling.Kind.MIN_MAX, train, other))
        .containsExactly(new double[] {-5 / 3.0, 1 / 3.0, 3}, within(1e-12));
    assertThat(columns(Scaling.Kind.RANK, train, other))
        .containsExactly(new double[] {-1, -0.25, 1}, within(1e-12));
    double deviation = Math.sqrt(1.25);
    assertThat(columns(Scaling.Kind.STANDARD, train, other))
        .containsExactly(
            new double[] {-6.5 / deviation, -0.5 / deviation, 7.5 / deviation}, within(1e-12));
  }

  private static double[] columns(Scaling.Kind kind, double[][] train, double[][] other) {
    return Arrays.stream(Scaling.fit(kind, train).apply(other))
        .mapToDouble(row -> row[0])
        .toArray();
  }

  @Test
  void partsSpreadClassesAndHoldEveryRowOnce() {
    double[] y = new double[103];
    Arrays.setAll(y, i -> i % 5 == 0 ? 1 : 0);
    Problem problem =
        new Problem(Task.CLASSIFICATION, List.of("a"), new double[103][1], y, List.of("0", "1"));
    Parts parts = Parts.shares(problem, 3, 0.6, 0.2, 0.2);
    int[] all = parts.rows().stream().flatMapToInt(Arrays::stream).sorted().toArray();
    assertThat(all).hasSize(103).doesNotHaveDuplicates();
    for (int part = 0; part < 3; part++) {
      double positive = Arrays.stream(parts.of(part)).mapToDouble(i -> y[i]).sum();
      // 21 positives by 0.6, 0.2, 0.2: within one row
      assertThat(positive).isCloseTo(21 * (part == 0 ? 0.6 : 0.2), within(1.0));
    }
    assertThat(Parts.shares(problem, 3, 0.6, 0.2, 0.2).of(1)).isEqualTo(parts.of(1));
    assertThat(Parts.shares(problem, 4, 0.6, 0.2, 0.2).of(1)).isNotEqualTo(parts.of(1));
    assertThat(parts.except(0)).hasSize(103 - parts.of(0).length);
  }

  @Test
  void groupsStayTogether() {
    int[] groups = new int[60];
    Arrays.setAll(groups, i -> i / 3);
    Parts parts = Parts.groups(groups, 1, 0.8, 0.2);
    for (int i : parts.of(1)) {
      for (int j : parts.of(0)) {
        assertThat(groups[i]).isNotEqualTo(groups[j]);
      }
    }
    assertThat(parts.of(1)).hasSize(12);
  }

  /** 200,000 rows pass through reading, preparation, splitting and scaling in a moment. */
  @Test
  void manyRows() throws IOException {
    int rows = 200_000;
    Path file = folder.resolve("many.csv");
    try (var out = Files.newBufferedWriter(file)) {
      out.write("a,b,w,y\n");
      for (int i = 0; i < rows; i++) {
        out.write(
            i + "," + (i * 7 % 1000) / 1000.0 + "," + (char) ('p' + i % 3) + "," + i % 2 + "\n");
      }
    }
    Table table = TableReader.read(file, Reading.usual());
    Problem problem = Problem.of(table, "y", null, Preparation.usual(), notes::add);
    Parts parts = Parts.shares(problem, 0, 0.8, 0.2);
    Problem train = problem.rows(parts.of(0));
    Problem scaled = Scaling.fit(Scaling.Kind.STANDARD, train.x()).apply(train);
    assertThat(scaled.rows()).isEqualTo(160_000);
    assertThat(table.numbers("a")[rows - 1]).isEqualTo(rows - 1);
    assertThat(Arrays.stream(scaled.x()).mapToDouble(row -> row[0]).average().orElseThrow())
        .isCloseTo(0, within(1e-9));
  }
}
