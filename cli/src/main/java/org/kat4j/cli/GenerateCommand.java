package org.kat4j.cli;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.text.StreamingDecoder;
import org.kat4j.data.text.SubwordTokenizer;
import org.kat4j.data.text.Tokenizer;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.model.TokenModel;
import org.kat4j.model.Weights;
import org.kat4j.model.WeightsFile;
import org.kat4j.model.generate.Generator;
import org.kat4j.model.generate.Request;
import org.kat4j.model.generate.Sampling;
import org.kat4j.torch.Context;
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
    Sampling sampling = sampling();
    if (tokens < 0) {
      throw new UserException("--tokens " + tokens + ": at least 0");
    }
    try (WeightsFile opened = weights.open();
        Tokenizer tokenizer = tokenizer(opened);
        Model loaded = Weights.load(opened, context())) {
      TokenModel model = TokenModel.of(loaded);
      int known = model.spec().signature().vocabulary();
      if (tokenizer.vocabulary() > known) {
        throw new UserException(
            "%s: the tokenizer has %,d tokens, the model knows %,d: they do not belong together"
                .formatted(opened.path(), tokenizer.vocabulary(), known));
      }
      Set<Integer> ends = tokenizer.end().stream().boxed().collect(Collectors.toSet());
      int[] begin = tokenizer.encode(prompt);
      write(model, tokenizer, new Request(List.of(begin), tokens, sampling, seed, ends));
    }
    return 0;
  }

  /** In the precision that is asked for, weights and all. */
  private Context context() {
    return weights.context().withDType(precision.on(weights.device()).storage());
  }

  private Sampling sampling() {
    try {
      return new Sampling(temperature, topK, topP);
    } catch (IllegalArgumentException wrong) {
      throw new UserException("sampling: " + wrong.getMessage(), wrong);
    }
  }

  /** The tokenizer of the weights themselves, or of the folder that they lie in. */
  private static Tokenizer tokenizer(WeightsFile opened) {
    if (!Tokenizer.isIn(opened.metadata())) {
      @Nullable Path folder =
          Files.isDirectory(opened.path()) ? opened.path() : opened.path().getParent();
      if (folder != null && Files.isRegularFile(folder.resolve("tokenizer.json"))) {
        return SubwordTokenizer.ofFile(folder.toString());
      }
    }
    return Tokenizer.restored(opened.metadata(), opened.path().toString());
  }

  private void write(TokenModel model, Tokenizer tokenizer, Request request) {
    PrintStream out = System.out;
    out.print(prompt);
    out.flush();
    StreamingDecoder decoder = new StreamingDecoder(tokenizer);
    StringBuilder text = new StringBuilder();
    long start = System.nanoTime();
    int written =
        new Generator(model, weights.device())
            .write(
                request,
                next -> {
                  if (!request.ends().contains(next[0])) {
                    show(decoder.add(next[0]), text);
                  }
                  return !Thread.currentThread().isInterrupted();
                });
    double seconds = (System.nanoTime() - start) / 1e9;
    show(decoder.finish(), text);
    out.println();
    json.print(new Summary(prompt, text.toString(), written, written / seconds));
  }

  private static void show(String piece, StringBuilder text) {
    text.append(piece);
    System.out.print(piece);
    System.out.flush();
  }
}
