package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportanceCommandTest {
  @TempDir Path folder;

  private String table(String text) throws IOException {
    return Files.writeString(folder.resolve("t.csv"), text).toString();
  }

  private static String rows(int count) {
    StringBuilder text = new StringBuilder("useful,noise,same,y\n");
    for (int i = 0; i < count; i++) {
      text.append(i)
          .append(',')
          .append(i * 37 % 11)
          .append(",1,")
          .append(i < count / 2 ? "a" : "b");
      text.append('\n');
    }
    return text.toString();
  }

  @Test
  void whatMattersComesFirst() throws IOException {
    CommandRun run =
        CommandRun.of(
            "importance",
            "--data",
            table(rows(60)),
            "--target",
            "y",
            "--selector",
            "kan-si,lasso,mutual-information",
            "--folds",
            "2",
            "--epochs",
            "5",
            "--json");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("column 'same' is constant", "60 rows, 2 features");
    var selectors = run.json().get("selectors");
    assertThat(selectors).hasSize(3);
    selectors.forEach(selector ->
        assertThat(selector.get("features").get(0).get("feature").asString())
            .as("%s", selector)
            .isEqualTo("useful"));
  }

  @Test
  void longTablesAreSampledAndThatIsSaid() throws IOException {
    CommandRun run =
        CommandRun.of(
            "importance",
            "--data",
            table(rows(200)),
            "--target",
            "y",
            "--selector",
            "lasso",
            "--sample",
            "50");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("50 of 200 rows");
  }

  @Test
  void mistakesAreOneLine() throws IOException {
    String good = table(rows(20));
    refused("did you mean 'y'", "--data", good, "--target", "Y");
    refused("--target is missing", "--data", good);
    refused("'kan-si'", "--data", good, "--target", "y", "--selector", "kan-sii");
    refused("--folds = 1", "--data", good, "--target", "y", "--folds", "1");
    refused("did you mean 'drop'", "--data", good, "--target", "y", "--missing", "dropp");
    refused("no such file", "--data", "none.csv", "--target", "y");
    refused("'wine'", "--data", "wien");
    String oneClass = table("a,y\n1,u\n2,u\n");
    refused("nothing to tell apart", "--data", oneClass, "--target", "y");
    String mixed = table("a,y\n1,u\nx,v\n");
    refused("row 2 is 'x'", "--data", mixed, "--target", "y");
  }

  private CommandRun ranked(String data, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "importance", "--data", data, "--selector", "mutual-information", "--folds", "2"));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray(String[]::new));
  }

  @Test
  void whatTheReaderDecidesIsSaidAndCanBeDecidedOtherwise() throws IOException {
    StringBuilder text = new StringBuilder(";\"a, mm\";b,c;share;y\n");
    for (int i = 0; i < 40; i++) {
      text.append(
          "%d;%d,5;%s;%d %%;%d\n"
              .formatted(i, i % 7, i % 10 == 3 ? "None" : "uv".charAt(i % 2), i, i % 2));
    }
    String data = table(text.toString());
    CommandRun refused = ranked(data, "--target", "y");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err().strip())
        .contains("column 'share' looks like numbers in another notation: '0 %'")
        .hasLineCount(1);
    CommandRun run = ranked(data, "--target", "y", "--drop", "share", "--missing", "drop");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains(
            "numbers with a decimal comma in a, mm",
            "taken as missing: 'None', 4 in 'b,c'",
            "column 1 has no name and counts the rows: left out",
            "36 rows, 2 features");
    CommandRun other =
        ranked(data, "--target", "y", "--drop", "share,\"b,c\"", "--missing-marks", "x");
    assertThat(other.out()).contains("40 rows, 1 features").doesNotContain("taken as missing");
    CommandRun words =
        ranked(
            data,
            "--target",
            "y",
            "--drop",
            "share",
            "--categories",
            "a, mm",
            "--missing-marks",
            "x",
            "--json");
    assertThat(words.out()).contains("40 rows, 10 features", "a, mm=3,5");
    assertThat(words.out()).doesNotContain("NaN");
  }

  @Test
  void aFirstLineOfNumbersIsNamesIfSaid() throws IOException {
    String data = table("1,2,3\n" + "4,5,0.5\n6,4,1.5\n5,5,2\n7,9,3\n");
    assertThat(ranked(data, "--target", "3").out())
        .contains("--header no takes it as a row", "4 rows, 2 features");
    assertThat(ranked(data, "--target", "column3").out())
        .contains("--header yes takes it as names", "5 rows, 2 features");
    assertThat(ranked(data, "--target", "3", "--header", "no").err()).contains("unknown column");
    assertThat(ranked(data, "--target", "3", "--header", "on").err()).contains("--header", "no");
  }

  @Test
  void fewRowsAndNoPathsAreRefused() throws IOException {
    CommandRun two = ranked(table("a,b,y\n1,2,x\n2,3,z\n"), "--target", "y");
    assertThat(two.code()).isEqualTo(2);
    assertThat(two.err()).contains("2 rows are too few for 2 folds");
    refused("is no path here", "--data", "a\0.csv", "--target", "y");
  }

  private static void refused(String part, String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "importance";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    CommandRun run = CommandRun.of(all);
    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err().strip()).contains(part).hasLineCount(1);
  }
}
