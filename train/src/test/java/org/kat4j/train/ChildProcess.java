package org.kat4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Java processes of their own with the class path of the tests. */
final class ChildProcess {
  private ChildProcess() {}

  /** Starts a main class; everything that it prints is appended to {@code output}. */
  static Process start(Path output, List<String> jvmOptions, Class<?> main, String... arguments)
      throws IOException {
    return start(output, List.of(), Map.of(), jvmOptions, main, arguments);
  }

  /**
   * The same by way of another command and with further environment variables.
   *
   * @param by the command that takes ours as its arguments; may be empty
   */
  static Process start(
      Path output,
      List<String> by,
      Map<String, String> environment,
      List<String> jvmOptions,
      Class<?> main,
      String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(by);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:TieredStopAtLevel=1"); // a short life: the quick compiler only
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    process.environment().putAll(environment);
    return process.start();
  }
}
