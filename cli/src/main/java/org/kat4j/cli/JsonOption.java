package org.kat4j.cli;

import org.kat4j.config.Config;
import org.kat4j.task.Scores;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code --json}: the last line of the output is one JSON object. */
final class JsonOption {
  @Option(names = "--json", description = "Print one JSON object as the last line.")
  private boolean json;

  void print(Record result) {
    if (json) {
      System.out.println(Config.toJson(result));
    }
  }

  /** Scores by the names of their measures, and more. */
  void print(Scores scores, Record more) {
    if (json) {
      ObjectNode tree = JsonNodeFactory.instance.objectNode();
      scores.byName().forEach(tree::put);
      tree.setAll(Config.tree(more));
      System.out.println(Config.toJson(tree));
    }
  }
}
