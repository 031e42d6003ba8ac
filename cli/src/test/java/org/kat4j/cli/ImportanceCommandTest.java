package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private static void refused(String part, String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "importance";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    CommandRun run = CommandRun.of(all);
    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err().strip()).contains(part).hasLineCount(1);
  }
}
