package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FitCommandTest {
  @TempDir Path folder;

  private String table(String text) throws IOException {
    return Files.writeString(folder.resolve("t.csv"), text).toString();
  }

  /** y = sin(3 x) on an even grid, with a column of words and one that never changes. */
  private static String rows(int count) {
    StringBuilder text = new StringBuilder("x,colour,same,y\n");
    for (int i = 0; i < count; i++) {
      double x = 2.0 * i / count - 1;
      text.append(String.format(Locale.ROOT, "%s,red,5,%s%n", x, Math.sin(3 * x)));
    }
    return text.toString();
  }

  private String[] small(String data, Path out) {
    String settings =
        "fit --target y --features x --hidden 1 --grids 5,10 --no-pruning --json --data %s --out"
            + " %s";
    return settings.formatted(data, out).split(" ");
  }

  @Test
  void tableBecomesFormulaAndReport() throws IOException {
    Path out = folder.resolve("fit");
    CommandRun run = CommandRun.of(small(table(rows(200)), out));
    assertThat(run.code()).as(run.err()).isZero();
    var summary = run.json();
    assertThat(summary.get("features")).hasSize(1);
    // The best cubic of sin(pi x) on 5 intervals is 2.7e-3 off (sheet 00, Checks).
    assertThat(summary.get("network").get("testError").asDouble()).isBetween(0.0, 2.7e-3);
    String formula = summary.get("formula").asString();
    assertThat(formula).contains("x");
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "report.html", "formula.txt", "formula.tex", "model.safetensors", "fit.json");
    }
    assertThat(out.resolve("formula.txt")).hasContent(formula);
    assertThat(out.resolve("report.html")).content().contains("<svg", formula.substring(0, 3));

    // The folder of a fit is not written over.
    String report = Files.readString(out.resolve("report.html"));
    refused("not empty", small(table(rows(200)), out));
    assertThat(out.resolve("report.html")).hasContent(report);
  }

  /** A simple formula needs no network, and what is printed is read back. */
  @Test
  void columnsThatNoFormulaCanNameGetStandIns() throws IOException {
    StringBuilder text = new StringBuilder("x 1,pi,same,colour,y\n");
    for (int i = 0; i < 60; i++) {
      double x = i / 20.0;
      double y = i * 37 % 60 / 20.0;
      text.append(String.format(Locale.ROOT, "%s,%s,5,red,%s%n", x, y, Math.sin(x) + y));
    }
    Path out = folder.resolve("fit");
    CommandRun run =
        CommandRun.of(
            "fit",
            "--data",
            table(text.toString()),
            "--target",
            "y",
            "--out",
            out.toString(),
            "--json");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("left out: 'same' (the same everywhere), 'colour' (words)")
        .contains("x_1 is the column x 1")
        .contains("x_2 is the column pi")
        .doesNotContain("NaN");
    assertThat(run.json().get("formula").asString()).isIn("sin(x_1) + x_2", "x_2 + sin(x_1)");
    assertThat(run.json().get("network").isNull()).isTrue();
    assertThat(out.resolve("model.safetensors")).doesNotExist();
    CommandRun again =
        CommandRun.of(
            "fit",
            "--formula",
            Files.readString(out.resolve("formula.txt")),
            "--range",
            "x_1=0:3",
            "--range",
            "x_2=0:3",
            "--json");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.json().get("formula").asString()).isIn("sin(x_1) + x_2", "x_2 + sin(x_1)");
  }

  @Test
  void placesThatCannotBeWrittenAreRefusedFirst() {
    refused(
        "cannot write to /proc/fit",
        "fit",
        "--formula",
        "x^2",
        "--range",
        "x=0:1",
        "--out",
        "/proc/fit");
  }

  /** 40 rows carry few shapes only. */
  @Test
  void shapesAreTriedOnRequest() throws IOException {
    String line =
        "fit --target y --features x --hidden auto --grids 3 --no-pruning --no-symbolic --json"
            + " --data ";
    CommandRun run = CommandRun.of((line + table(rows(40))).split(" "));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.json().get("network").get("testError").asDouble()).isBetween(0.0, 0.5);
  }

  @Test
  void tablesThatCannotBeFitted() throws IOException {
    refusedTable("row 2: no number", rows(30).replaceFirst("(?s)(\n.*?\n)[^,]*", "$1"), "x");
    refusedTable("'same' is 5.0 everywhere", rows(30), "x,same");
    refusedTable("'colour' of t.csv holds text", rows(30), "x,colour");
    refusedTable("row 31 is 'red'", rows(30) + "red,red,5,1\n", "x");
    refusedTable("rows: 1; a fit takes 20", rows(1), "x");
    refusedTable("named twice", rows(30), "x,x");
    refusedTable("did you mean 'x'", rows(30), "X");
    refusedTable("holds the target", rows(30), "x,y");
    String good = table(rows(30));
    refused("did you mean 'colour'", "fit", "--data", good, "--target", "color");
    refused("no such file", "fit", "--data", "none.csv", "--target", "y");
    refused("--target COLUMN", "fit", "--data", good);
    Path file = Path.of(good);
    refused("is a file", small(good, file));
    refused("t.csv is a file", small(good, file.resolve("fit")));
  }

  private void refusedTable(String part, String text, String features) throws IOException {
    Path out = folder.resolve("none");
    String data = table(text);
    refused(
        part,
        "fit",
        "--data",
        data,
        "--target",
        "y",
        "--features",
        features,
        "--out",
        out.toString());
    assertThat(out).doesNotExist();
  }

  @Test
  void formulasThatCannotBeRead() {
    refusedFormula("unknown name in the formula 'z'", "x+z", "x=-1:1");
    refusedFormula("did you mean 'sin'", "sinn(x)", "x=-1:1");
    refusedFormula("character 4: it ends too early", "x+(", "x=-1:1");
    refusedFormula("character 8: a bracket is not closed", "sin(x+1", "x=-1:1");
    refusedFormula("character 3: '*' is not expected", "x+*x", "x=-1:1");
    refusedFormula("choose ranges where it is a finite number", "log(x)", "x=-1:1");
    refusedFormula("the formula is 3 everywhere", "3", "x=0:1");
    refusedFormula("the formula is 0 everywhere", "x-x", "x=0:1");
    refusedFormula("no finite number, such as 1/0", "x+1/0", "x=0:1");
    refusedFormula("the lower one first", "x^2", "x=1:-1");
    refusedFormula("NAME=LOW:HIGH", "x^2", "x=1");
    refused("--range for every variable", "fit", "--formula", "x^2");
    refused(
        "samples: 10; a fit takes 20",
        "fit",
        "--formula",
        "x^2",
        "--range",
        "x=0:1",
        "--rows",
        "10");
    refused("hidden width 0", "fit", "--formula", "x^2", "--range", "x=0:1", "--hidden", "0");
    refused(
        "'five': whole numbers", "fit", "--formula", "x^2", "--range", "x=0:1", "--hidden", "five");
    refused("auto alone", "fit", "--formula", "x^2", "--range", "x=0:1", "--hidden", "auto,5");
    refused("'': whole numbers", "fit", "--suite", "toy", "--hidden", "");
    refused("lbfgs", "fit", "--formula", "x^2", "--range", "x=0:1", "--optimizer", "adam");
    refused("did you mean 'toy'", "fit", "--suite", "toys");
    refused("give --data", "fit");
  }

  private void refusedFormula(String part, String formula, String range) {
    Path out = folder.resolve("none");
    refused(part, "fit", "--formula", formula, "--range", range, "--out", out.toString());
    assertThat(out).doesNotExist();
  }

  private static void refused(String part, String... arguments) {
    CommandRun run = CommandRun.of(arguments);
    String command = String.join(" ", List.of(arguments));
    assertThat(run.code()).as(command + run.err()).isEqualTo(2);
    assertThat(run.err().strip()).as(command).contains(part).hasLineCount(1);
  }
}
