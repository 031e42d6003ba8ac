package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.ExecutionException;
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
          throw new StackOverflowError();
        };
    assertThat(run(work, "work")).isEqualTo(1);
    assertThat(err.toString()).startsWith("kat4j: StackOverflowError");
  }

  @Test
  void limitsOfTheMachineAreOneLineOfAdvice() {
    for (Throwable limit :
        List.of(
            new OutOfMemoryError("Java heap space"),
            new IllegalStateException(
                "a worker failed", new ExecutionException(new OutOfMemoryError("any"))))) {
      assertThat(run(() -> sneak(limit), "work")).isEqualTo(2);
      assertThat(line()).contains("Java's memory of").contains("KAT4J_JAVA_OPTS=-Xmx");
    }
    assertThat(run(() -> sneak(new OutOfMemoryError("unable to create native thread")), "work"))
        .isEqualTo(2);
    assertThat(line()).contains("ulimit -u");
    var natives = new UnsatisfiedLinkError("no jnitorch");
    assertThat(run(() -> sneak(new ExceptionInInitializerError(natives)), "work")).isEqualTo(2);
    assertThat(line())
        .contains("libtorch cannot be unpacked and loaded in", "no jnitorch", "cachedir=DIR");
    for (String message :
        List.of("DefaultCPUAllocator: can't allocate memory: you tried", "std::bad_alloc")) {
      assertThat(run(() -> sneak(new RuntimeException(message)), "work")).isEqualTo(2);
      assertThat(line()).contains("the machine has not enough memory");
    }
  }

  /** What was said since the last call, which is one line. */
  private String line() {
    String said = err.toString();
    err.getBuffer().setLength(0);
    assertThat(said.lines()).hasSize(1);
    return said;
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable failure) throws T {
    throw (T) failure;
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
