package org.kat4j.task.language;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Check;
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
import org.kat4j.torch.Device;

/**
 * A language model with its tokenizer: goes on with texts. Same prompt, options and seed: same
 * text.
 *
 * <p>It owns both. One thread at a time may use it.
 */
public final class TextWriter implements AutoCloseable {
  /**
   * What is to be written.
   *
   * @param prompt the text to go on with
   * @param tokens to write at most
   * @param temperature below 1 sticks to what is probable, above 1 dares more; 0 always takes the
   *     most probable token
   * @param topK only so many most probable tokens; 0 for all
   * @param topP only the most probable tokens that together have this probability
   * @param seed same seed, same text
   */
  public record Wish(
      String prompt, int tokens, double temperature, int topK, double topP, long seed) {
    public Wish {
      Check.between("tokens", tokens, 0, 1_000_000_000);
      new Sampling(temperature, topK, topP);
    }

    /** Four hundred tokens after a line break. */
    public static Wish example() {
      return new Wish("\n", 400, 0.8, 0, 1, 1);
    }
  }

  private final TokenModel model;
  private final Tokenizer tokenizer;
  private final Device device;

  /**
   * @param device where the model is
   * @param source of the model, for messages
   * @throws UserException where model and tokenizer do not belong together
   */
  public TextWriter(TokenModel model, Tokenizer tokenizer, Device device, String source) {
    int known = model.spec().signature().vocabulary();
    if (tokenizer.vocabulary() > known) {
      throw new UserException(
          "%s: the tokenizer has %,d tokens, the model knows %,d: they do not belong together"
              .formatted(source, tokenizer.vocabulary(), known));
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.device = device;
  }

  /**
   * The model and the tokenizer of weights.
   *
   * @throws UserException where they are not those of a language model
   */
  public static TextWriter of(WeightsFile weights, Context context) {
    Tokenizer tokenizer = tokenizer(weights);
    @Nullable Model model = null;
    try {
      model = Weights.load(weights, context);
      String source = weights.path().toString();
      return new TextWriter(TokenModel.of(model), tokenizer, context.device(), source);
    } catch (RuntimeException failed) {
      tokenizer.close();
      if (model != null) {
        model.close();
      }
      throw failed;
    }
  }

  /** The tokenizer of the weights themselves, or of the folder that they lie in. */
  private static Tokenizer tokenizer(WeightsFile weights) {
    if (!Tokenizer.isIn(weights.metadata())) {
      @Nullable Path folder =
          Files.isDirectory(weights.path()) ? weights.path() : weights.path().getParent();
      if (folder != null && Files.isRegularFile(folder.resolve("tokenizer.json"))) {
        return SubwordTokenizer.ofFile(folder.toString());
      }
    }
    return Tokenizer.restored(weights.metadata(), weights.path().toString());
  }

  public TokenModel model() {
    return model;
  }

  /**
   * Writes until the text has its tokens or has ended, or nobody wants more.
   *
   * @param wanted gets what has become certain with each token, which may be nothing, and in the
   *     end what is left; says whether to go on
   * @return how many tokens were written
   * @throws UserException where the prompt cannot be read
   */
  public int write(Wish wish, Predicate<String> wanted) {
    Set<Integer> ends = tokenizer.end().stream().boxed().collect(Collectors.toSet());
    Sampling sampling = new Sampling(wish.temperature, wish.topK, wish.topP);
    int[] prompt = tokenizer.encode(wish.prompt);
    Request request = new Request(List.of(prompt), wish.tokens, sampling, wish.seed, ends);
    StreamingDecoder decoder = new StreamingDecoder(tokenizer);
    int written =
        new Generator(model, device)
            .write(
                request, next -> wanted.test(ends.contains(next[0]) ? "" : decoder.add(next[0])));
    boolean _ = wanted.test(decoder.finish());
    return written;
  }

  @Override
  public void close() {
    model.close();
    tokenizer.close();
  }
}
