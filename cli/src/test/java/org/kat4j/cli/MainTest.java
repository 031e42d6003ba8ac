package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.kat4j.error.UserException;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Runs the real command tree with one more command, {@code work}, that does what is given. */
  private int run(Runnable work, String... args) {
    CommandSpec spec = CommandSpec.wrapWithoutInspection(work).mixinStandardHelpOptions(true);
    CommandLine root = Main.commandLine().addSubcommand("work", spec);
    root.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return Main.run(root, args);
  }

  @Test
  void successIsSilentAndZero() {
    assertThat(run(() -> {}, "work")).isZero();
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void userMistakeIsOneLineAndTwo() {
    Runnable work =
        () -> {
          throw new UserException("no such file: a.yaml", new IllegalStateException("inner"));
        };
    assertThat(run(work, "work")).isEqualTo(2);
    assertThat(err.toString()).isEqualToNormalizingNewlines("kat4j: no such file: a.yaml\n");
  }

  @Test
  void debugAddsTheStackTrace() {
    Runnable work =
        () -> {
          throw new UserException("no such file: a.yaml");
        };
    assertThat(run(work, "work", "--debug")).isEqualTo(2);
    assertThat(err.toString())
        .startsWith("kat4j: no such file: a.yaml")
        .contains("at org.kat4j.cli.MainTest");
  }

  @Test
  void faultIsOneLineWithAHintAndOne() {
    Runnable work =
        () -> {
          throw new IllegalStateException("sizes differ\nframe #0: at::native");
        };
    assertThat(run(work, "work")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualToNormalizingNewlines(
            "kat4j: IllegalStateException: sizes differ (run with --debug to see where)\n");
  }

  @Test
  void errorsOfTheMachineAreReportedToo() {
    Runnable work =
        () -> {
          throw new UnsatisfiedLinkError("no jnitorch");
        };
    assertThat(run(work, "work")).isEqualTo(1);
    assertThat(err.toString()).startsWith("kat4j: UnsatisfiedLinkError: no jnitorch");
  }

  @Test
  void misspeltCommandNamesTheNearest() {
    assertThat(run(() -> {}, "complation")).isEqualTo(2);
    assertThat(err.toString())
        .isEqualToNormalizingNewlines(
            """
            kat4j: Unmatched argument at index 0: 'complation'; did you mean completion?
            Try 'kat4j --help'.
            """);
  }

  @Test
  void unknownOptionPointsToTheHelpOfItsCommand() {
    assertThat(run(() -> {}, "work", "--hlep")).isEqualTo(2);
    assertThat(err.toString()).contains("'--hlep'").contains("Try 'kat4j work --help'.");
  }

  @Test
  void helpVersionAndCompletionAnswerOnStandardOutput() {
    assertThat(run(() -> {}, "--help")).isZero();
    assertThat(run(() -> {}, "--version")).isZero();
    assertThat(run(() -> {}, "completion")).isZero();
    assertThat(out.toString()).contains("Usage: kat4j", "kat4j (not packaged)", "complete -F");
    assertThat(err.toString()).isEmpty();
  }
}
