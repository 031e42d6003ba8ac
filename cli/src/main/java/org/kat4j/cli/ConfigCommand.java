package org.kat4j.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Config;
import org.kat4j.config.DescribedPath;
import org.kat4j.config.Schema;
import org.kat4j.train.TrainConfig;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kat4j config}. */
@Command(
    name = "config",
    mixinStandardHelpOptions = true,
    description = "Tells what a configuration of train may hold: for editors, or for people.")
final class ConfigCommand implements Callable<Integer> {
  @ArgGroup(multiplicity = "1")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Question question;

  private static final class Question {
    @Option(
        names = "--schema",
        required = true,
        description = "Print the JSON Schema, by which editors complete and check the YAML.")
    private boolean schema;

    @Option(
        names = "--describe",
        arity = "0..1",
        fallbackValue = "",
        paramLabel = "PATH",
        description =
            "Print the keys at a path with type, default, range and meaning: optimizer,"
                + " optimizer.sgd, model.tokenMixer. Without a path those at the top.")
    private @Nullable String path;
  }

  @Override
  public Integer call() {
    TrainConfig defaults = TrainConfig.example();
    System.out.print(
        question.path == null
            ? Config.toIndentedJson(Schema.of(defaults))
            : DescribedPath.describe(defaults, question.path));
    return 0;
  }
}
