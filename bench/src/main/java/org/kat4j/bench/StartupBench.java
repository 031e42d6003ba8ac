package org.kat4j.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.kat4j.error.UserException;

/** How long whole commands take in a fresh process. */
public final class StartupBench {
  private StartupBench() {}

  /** One command and the time from start to exit. */
  public record Side(List<String> arguments, Timing timing) {}

  public record Result(List<Side> sides) {
    public String table() {
      StringBuilder text = new StringBuilder();
      text.append("whole commands in fresh processes, ms: median [quartiles]%n".formatted());
      for (Side side : sides) {
        text.append(
            String.format(
                Locale.ROOT,
                "  kat4j %-20s %9.1f %s%n",
                String.join(" ", side.arguments),
                side.timing.median(),
                side.timing.spread()));
      }
      return text.toString();
    }
  }

  /**
   * Runs {@code java} as this process was started, with {@code mainClass}.
   *
   * @throws UserException when a command fails
   */
  public static Result run(String mainClass, List<List<String>> commands, int rounds) {
    double[][] milliseconds = new double[commands.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int c = 0; c < commands.size(); c++) {
        milliseconds[c][round] = run(mainClass, commands.get(c));
      }
    }
    List<Side> sides = new ArrayList<>();
    for (int c = 0; c < commands.size(); c++) {
      sides.add(new Side(commands.get(c), Timing.of(milliseconds[c])));
    }
    return new Result(sides);
  }

  private static double run(String mainClass, List<String> arguments) {
    var self = ProcessHandle.current().info();
    List<String> command = new ArrayList<>();
    command.add(self.command().orElse("java"));
    command.addAll(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    command.addAll(arguments);
    try {
      long start = System.nanoTime();
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      int code = process.waitFor();
      if (code != 0) {
        throw new UserException("kat4j " + String.join(" ", arguments) + ": exit code " + code);
      }
      return (System.nanoTime() - start) / 1e6;
    } catch (IOException cannot) {
      throw new UserException("java cannot be started: " + cannot.getMessage(), cannot);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", stopped);
    }
  }
}
