package org.kat4j.task.language;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.data.Feed;
import org.kat4j.data.text.ByteTokenizer;
import org.kat4j.data.text.Text;
import org.kat4j.data.text.TextPart;
import org.kat4j.data.text.TextSources;
import org.kat4j.data.text.TokenBatch;
import org.kat4j.data.text.TokenCache;
import org.kat4j.data.text.Tokenizer;
import org.kat4j.data.text.Tokens;
import org.kat4j.data.text.WindowFeed;
import org.kat4j.function.LayerNorm;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.model.TokenModel;
import org.kat4j.task.Measure;
import org.kat4j.task.Objective;
import org.kat4j.task.Task;
import org.kat4j.token.Attention;

/** To say of every token of a text which one follows. */
public final class Language implements Task<TokenBatch> {
  private static final int MOST_WINDOWS = 64; // at once, of an evaluation

  /**
   * @param text tiny-shakespeare, wikitext-2, or a file or folder of UTF-8 text
   * @param tokenizer how text becomes numbers
   * @param context tokens that are read at once
   * @param batches of an epoch, at random places of the text; 0: as many as it has windows for
   * @param test share of a text without parts that is judged by in the end, of the last tenth that
   *     is not learnt from
   */
  @Kind("language")
  public record Spec(String text, Tokenizer.Spec tokenizer, int context, int batches, double test)
      implements Task.Spec {
    public Spec {
      Check.inRange("test", test, 0, 0.09);
      Check.between("context", context, 1, 1 << 24);
      Check.between("batches", batches, 0, 1_000_000_000);
    }

    /** Shakespeare's bytes. */
    public static Spec example() {
      return new Spec("tiny-shakespeare", new ByteTokenizer.Spec(), 64, 0, 0);
    }

    @Override
    public Language open(@Nullable Path root, long seed) {
      return open(root, TokenCache.ofUser());
    }

    /** The same with the ids kept in another folder. */
    public Language open(@Nullable Path root, TokenCache cache) {
      Text opened = TextSources.open(text, root, test);
      Tokenizer made = tokenizer.open(opened);
      try {
        return new Language(this, opened, made, cache);
      } catch (RuntimeException failed) {
        made.close();
        throw failed;
      }
    }

    /** A small transformer with learnable functions. */
    @Override
    public Model.Spec usualModel() {
      return new CausalTransformer.Spec(
          256,
          context,
          128,
          4,
          Attention.Spec.heads(4),
          GroupRationalMlp.Spec.example(),
          List.of(),
          new LayerNorm.Spec(1e-5, true),
          CausalTransformer.Positions.LEARNED,
          true,
          0,
          0,
          CausalTransformer.Start.KAN);
    }

    @Override
    public String name() {
      return String.valueOf(Path.of(text).getFileName());
    }
  }

  private final Spec spec;
  private final Text text;
  private final Tokenizer tokenizer;
  private final Tokens train;
  private final Tokens validation;
  private final @Nullable Tokens test;

  private Language(Spec spec, Text text, Tokenizer tokenizer, TokenCache cache) {
    this.spec = spec;
    this.text = text;
    this.tokenizer = tokenizer;
    train = tokens(text.train(), cache);
    validation = tokens(text.validation(), cache);
    Optional<TextPart> last = text.test();
    test = last.isPresent() ? tokens(last.get(), cache) : null;
  }

  private Tokens tokens(TextPart part, TokenCache cache) {
    return cache.open(part, tokenizer).holding(spec.context);
  }

  /** How text becomes numbers. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** The text that a model is judged by: that of the test, or of the validation without one. */
  public Tokens judgedBy() {
    return test == null ? validation : test;
  }

  /** Tokens that are read at once. */
  public int context() {
    return spec.context;
  }

  @Override
  public String describe() {
    return "%s; %s, %,d training, %,d validation tokens"
        .formatted(text.describe(), tokenizer.describe(), train.size(), validation.size());
  }

  @Override
  public String unit() {
    return "tokens";
  }

  @Override
  public int unitsOfSample() {
    return spec.context;
  }

  @Override
  public String checksum() {
    return train.checksum();
  }

  @Override
  public Signature.Tokens signature() {
    int vocabulary = tokenizer.vocabulary();
    return new Signature.Tokens(vocabulary, spec.context, vocabulary, true);
  }

  @Override
  public Measure primary() {
    return LanguageMeter.LOSS;
  }

  @Override
  public Map<String, String> meaning() {
    return tokenizer.metadata();
  }

  @Override
  public Feed<TokenBatch> training(Feeding how) {
    return WindowFeed.drawn(train, spec.context, how.batchSize(), spec.batches, how.seed());
  }

  @Override
  public Feed<TokenBatch> validation(int batchSize) {
    return inOrder(validation, batchSize);
  }

  @Override
  public Feed<TokenBatch> test(int batchSize) {
    return inOrder(judgedBy(), batchSize);
  }

  @Override
  public boolean hasTest() {
    return test != null;
  }

  private Feed<TokenBatch> inOrder(Tokens part, int batchSize) {
    return WindowFeed.inOrder(part, spec.context, Math.min(batchSize, MOST_WINDOWS));
  }

  @Override
  public Objective<TokenBatch> of(Model model) {
    double bytes = (double) validation.bytes() / validation.size();
    return new LanguageObjective(TokenModel.of(model), bytes);
  }

  @Override
  public String sizeKey() {
    return "task.context";
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
