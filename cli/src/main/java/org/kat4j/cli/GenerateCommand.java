package org.kat4j.cli;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import org.kat4j.error.UserException;
import org.kat4j.task.language.TextWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kat4j generate}. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = {
      "Lets a language model go on with a text; prints as it writes.",
      "Same weights, prompt, options and seed: same text."
    })
final class GenerateCommand implements Callable<Integer> {
  @Mixin private final WeightsOptions weights = new WeightsOptions();
  @Mixin private final PrecisionOption precision = new PrecisionOption();

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "The text to go on with; default: a line break.")
  private String prompt = "\n";

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens to write at most; default: ${DEFAULT-VALUE}.")
  private int tokens = 400;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "Below 1 sticks to what is probable, above 1 dares more; 0 always takes the most probable token. Default: ${DEFAULT-VALUE}.")
  private double temperature = 0.8;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Draw from the K most probable tokens only; 0 for all.")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the most probable tokens that together have probability P.")
  private double topP = 1;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of what is drawn.")
  private long seed = 1;

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(String prompt, String text, int tokens, double tokensPerSecond) {}

  @Override
  public Integer call() {
    TextWriter.Wish wish = wish();
    try (TextWriter writer = weights.writer(precision.on(weights.device()))) {
      write(writer, wish);
    }
    return 0;
  }

  private TextWriter.Wish wish() {
    if (tokens < 0) {
      throw new UserException("--tokens " + tokens + ": at least 0");
    }
    try {
      return new TextWriter.Wish(prompt, tokens, temperature, topK, topP, seed);
    } catch (IllegalArgumentException wrong) {
      throw new UserException("sampling: " + wrong.getMessage(), wrong);
    }
  }

  private void write(TextWriter writer, TextWriter.Wish wish) {
    PrintStream out = System.out;
    out.print(prompt);
    out.flush();
    StringBuilder text = new StringBuilder();
    long start = System.nanoTime();
    int written =
        writer.write(
            wish,
            piece -> {
              text.append(piece);
              out.print(piece);
              out.flush();
              return !Thread.currentThread().isInterrupted();
            });
    double seconds = (System.nanoTime() - start) / 1e9;
    out.println();
    json.print(new Summary(prompt, text.toString(), written, written / seconds));
  }
}
