package org.kat4j.cli;

import org.kat4j.config.Config;
import picocli.CommandLine.Option;

/** {@code --json}: the last line of the output is one JSON object. */
final class JsonOption {
  @Option(names = "--json", description = "Print one JSON object as the last line.")
  private boolean json;

  void print(Record result) {
    if (json) {
      System.out.println(Config.toJson(result));
    }
  }
}
