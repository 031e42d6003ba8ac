package org.kat4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.OneLine;

/** What names in files can do to a terminal, and what is said when nothing can be written. */
class PlainTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void controlCharactersAreWrittenOut() {
    var bytes = new ByteArrayOutputStream();
    PrintStream plain = Plain.to(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    plain.print("\u001b]0;title\u0007 ä\u009b31m Â€\r50 %\tx\n");
    plain.print("\u0000\u007f");
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .isEqualTo("\\x1b]0;title\\x07 ä\\x9b31m Â€\r50 %\tx\n\\x00\\x7f");
  }

  @Test
  void namesStandOnOneLine() {
    assertThat(OneLine.of("a\nb\r\nc\u001bd\u0085e\u2028f")).isEqualTo("a⏎b⏎c␛d�e⏎f");
  }

  @Test
  void outputThatCouldNotBeWrittenIsAFailure() {
    PrintStream before = System.out;
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int value) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    for (String command : new String[] {"data", "--help"}) {
      var err = new StringWriter();
      System.setOut(new PrintStream(full, true, StandardCharsets.UTF_8));
      try {
        int code = Main.run(Main.commandLine().setErr(new PrintWriter(err, true)), command);
        assertThat(code).as(command).isEqualTo(1);
      } finally {
        System.setOut(before);
      }
      assertThat(err.toString().lines())
          .containsExactly("kat4j: the output could not be written in full");
    }
  }

  /** As {@code kat4j config --schema | head -1} does. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aPipeThatIsClosedEndsQuietly() throws Exception {
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "config",
                "--schema")
            .redirectError(err.toFile())
            .start();
    try {
      process.getInputStream().close();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(err)).isEmpty();
    assertThat(process.exitValue()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"data # 1", "[x: *"})
  void namesOfDataAreTakenAsTheyAre(String name) throws IOException {
    String images = TestFiles.imageFolder(folder.resolve(name)).toString();
    Path out = folder.resolve("out").resolve("run");
    CommandRun run = CommandRun.of(TestFiles.training(Path.of(images), out));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("data   " + images + ": 8 training");
    assertThat(CommandRun.of("eval", "--run", out.toString()).code()).isZero();
  }
}
