package org.kat4j.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.kat4j.config.Config;
import picocli.CommandLine;
import tools.jackson.databind.node.ObjectNode;

/**
 * A command as a user sees it.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record CommandRun(int code, String out, String err) {

  /** Runs a command in this process. */
  static CommandRun of(String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new StringWriter();
    PrintStream before = System.out;
    CommandLine root = Main.commandLine().setErr(new PrintWriter(err, true));
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      int code = Main.run(root, arguments);
      return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString());
    } finally {
      System.setOut(before);
    }
  }

  /** The last line of the output, which is one JSON object. */
  ObjectNode json() {
    List<String> lines = out.lines().toList();
    return Config.parse(lines.getLast(), "output");
  }
}
