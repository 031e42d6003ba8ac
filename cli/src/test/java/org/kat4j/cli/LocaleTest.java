package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One command of each kind says the same whatever the user's language. */
class LocaleTest {
  private static final Locale BEFORE = Locale.getDefault();

  @TempDir private static Path folder = Path.of("");
  private static Path images = Path.of("");
  private static Path run = Path.of("");
  private static List<String> expected = List.of();

  @BeforeAll
  static void inEnglish() throws IOException {
    images = TestFiles.imageFolder(folder.resolve("images"));
    run = folder.resolve("run");
    assertThat(CommandRun.of(TestFiles.training(images, run)).code()).isZero();
    StringBuilder table = new StringBuilder("a,b,y\n");
    for (int i = 0; i < 40; i++) {
      table.append(i / 8.0).append(',').append(i * 7 % 11).append(',');
      table.append(i % 2 == 0 ? "high" : "low").append('\n');
    }
    Files.writeString(folder.resolve("table.csv"), table);
    expected = outputs();
  }

  @AfterEach
  void restore() {
    Locale.setDefault(BEFORE);
  }

  private static List<String> outputs() {
    String image = images.resolve("val/across/4.png").toString();
    String[][] commands = {
      {"models", "kat_tiny"},
      {"predict", "--run", run.toString(), "--json", image},
      {"eval", "--run", run.toString()},
      {
        "importance",
        "--epochs",
        "1",
        "--folds",
        "2",
        "--selector",
        "lasso,mutual-information",
        "--target",
        "y",
        "--data",
        folder.resolve("table.csv").toString()
      },
    };
    return List.of(commands).stream()
        .map(CommandRun::of)
        .map(done -> done.code() + "\n" + done.out() + done.err())
        .map(text -> text.replaceAll("(?m)^.*(images/s|seconds| s[ ,]).*$", ""))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG-u-nu-arab", "th-TH-u-nu-thai-ca-buddhist", "tr-TR", "de-DE"})
  void theSameEverywhere(String language) {
    assertThat(expected).allMatch(output -> output.startsWith("0\n"));
    Locale.setDefault(Locale.forLanguageTag(language));
    assertThat(outputs()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG-u-nu-arab", "tr-TR"})
  void runsAreWrittenTheSameEverywhere(String language) throws IOException {
    Locale.setDefault(Locale.forLanguageTag(language));
    Path other = folder.resolve("run-" + language);
    assertThat(CommandRun.of(TestFiles.training(images, other)).code()).isZero();
    for (String file : new String[] {"metrics.jsonl", "report.html", "config.yaml"}) {
      assertThat(Files.readString(other.resolve(file), StandardCharsets.UTF_8))
          .as(file)
          .doesNotContainPattern("[\u0660-\u0669\u0e50-\u0e59\u0131]");
    }
  }

  @Test
  void javaWouldSayOtherwise() {
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    assertThat("%d".formatted(1)).isNotEqualTo("1"); // else this test could not fail
  }
}
