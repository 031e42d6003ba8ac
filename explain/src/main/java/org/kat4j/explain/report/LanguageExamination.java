package org.kat4j.explain.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import org.kat4j.data.text.Tokens;
import org.kat4j.error.UserException;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.model.TokenModel;
import org.kat4j.task.language.Language;

/**
 * A language model on the text that it is judged by.
 *
 * @param task the opened text
 * @param measured windows of it
 * @param losses of their tokens
 */
record LanguageExamination(
    Run run, TokenModel model, Language task, TextProbe measured, TokenLosses losses)
    implements Examination {
  private static final long MOST_TOKENS = 1 << 15;
  private static final long PROBE_TOKENS = 1 << 10;

  static LanguageExamination of(Run run, Model loaded, Language task) {
    TokenModel model = TokenModel.of(loaded);
    Signature.Tokens signature = model.spec().signature();
    if (!signature.each()) {
      throw new UserException("this model has one answer for a text: " + signature.describe());
    }
    TextProbe measured = TextProbe.spread(task.judgedBy(), task.context(), MOST_TOKENS);
    return new LanguageExamination(run, model, task, measured, TokenLosses.of(model, measured));
  }

  @Override
  public String measuredOn() {
    Tokens text = task.judgedBy();
    return "Measured with the last weights on %s%s of %s (%s bytes a token). The curves are of the whole validation text."
        .formatted(
            measured.isAll() ? "all " : "",
            measured.samples() + (measured.isAll() ? "" : ", spread over the text,"),
            text.name(),
            Numbers.brief(bytesOfToken(), 3));
  }

  private double bytesOfToken() {
    return (double) task.judgedBy().bytes() / task.judgedBy().size();
  }

  @Override
  public List<Card> cards() {
    Point loss = losses.mean();
    String interval = "nats; 95 %%: %s to %s".formatted(brief(loss.low()), brief(loss.high()));
    return List.of(
        new Card("loss", brief(loss.y()), interval),
        new Card("perplexity", brief(Math.exp(loss.y())), "tokens that it chooses among"),
        new Card("bits per byte", brief(bitsOfByte()), "compares between tokenizers"));
  }

  private double bitsOfByte() {
    return losses.mean().y() / Math.log(2) / bytesOfToken();
  }

  private static String brief(double value) {
    return Numbers.brief(value);
  }

  @Override
  public SequencedMap<String, String> results() {
    double loss = losses.mean().y();
    SequencedMap<String, String> results = new LinkedHashMap<>();
    results.put("loss", brief(loss));
    results.put("perplexity", brief(Math.exp(loss)));
    results.put("bits per byte", brief(bitsOfByte()));
    return results;
  }

  @Override
  public void sections(Content content, BiConsumer<Content, String> heading) {
    var shown = new LanguageSections(this);
    heading.accept(content, "Sample");
    shown.sample(content);
    heading.accept(content, "Loss by position");
    shown.lossByPosition(content);
    heading.accept(content, "Attention");
    shown.attention(content);
    heading.accept(content, "Learned functions");
    TextProbe probe = TextProbe.spread(task.judgedBy(), task.context(), PROBE_TOKENS);
    new FunctionSections(this, probe).draw(content);
  }
}
