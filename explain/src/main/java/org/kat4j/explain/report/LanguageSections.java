package org.kat4j.explain.report;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.kat4j.data.text.Tokenizer;
import org.kat4j.data.text.Tokens;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.HeatMap;
import org.kat4j.explain.figure.LineChart;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.Series;
import org.kat4j.explain.page.Content;
import org.kat4j.model.generate.Generator;
import org.kat4j.model.generate.Request;
import org.kat4j.model.generate.Sampling;
import org.kat4j.torch.Device;
import org.kat4j.torch.StateDict;

/** What a language model writes, what a longer context is worth to it, and what it looks at. */
final class LanguageSections {
  private static final int PROMPT = 48;
  private static final int WRITTEN = 256;
  private static final double TEMPERATURE = 0.8;
  private static final long SEED = 1;
  private static final int SENTENCE = 20; // names of more tokens would be too small to read
  private static final int SEARCHED = 512;

  private final LanguageExamination examination;
  private final Tokens text;
  private final Tokenizer tokenizer;
  private final int context;

  LanguageSections(LanguageExamination examination) {
    this.examination = examination;
    text = examination.task().judgedBy();
    tokenizer = examination.task().tokenizer();
    context = examination.task().context();
  }

  /** A text that the model goes on with. */
  void sample(Content content) {
    int[] prompt = ids(0, Math.clamp(context / 2, 1, PROMPT));
    Set<Integer> ends = tokenizer.end().stream().boxed().collect(Collectors.toSet());
    Request request =
        new Request(List.of(prompt), WRITTEN, new Sampling(TEMPERATURE, 0, 1), SEED, ends);
    Device device = Device.of(StateDict.of(examination.model()).firstEntry().getValue());
    int[] written = new Generator(examination.model(), device).write(request);
    content.text("The beginning of the text that the model is judged by:");
    content.passage(tokenizer.decode(prompt));
    content.text("What the model goes on with:");
    content.passage(tokenizer.decode(written));
    content.note(
        "%d tokens, temperature %s, seed %d."
            .formatted(written.length, Numbers.brief(TEMPERATURE), SEED));
    int end = (int) Math.min(text.size(), prompt.length + (long) WRITTEN);
    content.details(
        "What the text goes on with",
        inner -> inner.passage(tokenizer.decode(ids(prompt.length, end))));
  }

  private int[] ids(int from, int to) {
    int[] ids = new int[to - from];
    Arrays.setAll(ids, i -> text.get(from + i));
    return ids;
  }

  /** How much easier a token is, the more of the text before it is seen. */
  void lossByPosition(Content content) {
    TokenLosses losses = examination.losses();
    double mean = losses.mean().y();
    content.text(
        "The loss of tokens by their place in the window: the further to the right, the more text the model"
            + " has seen before. Means over neighbouring places, with intervals of 95 %.");
    List<Point> ends = List.of(new Point(1, mean), new Point(Math.max(2, context), mean));
    content.figures(
        LineChart.of(
            "Loss by position",
            Axis.log("place in the context, from 1"),
            Axis.linear("nats"),
            List.of(
                Series.of("loss", losses.byPlace()),
                Series.quiet("mean of all, " + Numbers.brief(mean), ends))));
  }

  /** Attention weights of some heads. */
  void attention(Content content) {
    int start = beginOfSentence();
    int length = (int) Math.min(Math.min(SENTENCE, context), text.size() - start);
    int[] sentence = ids(start, start + length);
    List<AttentionHead> heads = AttentionHead.some(examination.model(), sentence);
    if (heads.isEmpty()) {
      content.note("This model's token mixers have no attention weights.");
      return;
    }
    List<String> names =
        Arrays.stream(sentence).mapToObj(id -> shown(tokenizer.decode(id))).toList();
    content.text(
        "What each token of a piece of the text (a row) takes from itself and from those before it: of the first,"
            + " the middle and the last layer the head that looks at fewest tokens and the one that looks at most."
            + " A row's weights have the sum 1; the colour is strongest at the largest weight of a map.");
    content.figures(
        heads.stream()
            .map(
                head -> HeatMap.of(head.title(), "looks at", "token", names, names, head.weights()))
            .toList());
  }

  /** The first place where a sentence begins; 0 where none is seen. */
  private int beginOfSentence() {
    long last = Math.min(SEARCHED, text.size() - SENTENCE);
    String before = "";
    for (int i = 0; i < last; i++) {
      String here = tokenizer.decode(text.get(i));
      boolean capital = !here.isBlank() && Character.isUpperCase(here.strip().codePointAt(0));
      if (i > 0 && capital && before.matches("(?s).*[.!?\\n]\\s*")) {
        return i;
      }
      before = here.isBlank() && !here.contains("\n") ? before : here;
    }
    return 0;
  }

  /** A token that can be seen. */
  private static String shown(String token) {
    String visible = token.replace(' ', '␣').replace('\n', '⏎').replaceAll("\\p{Cntrl}", "·");
    return visible.isEmpty() ? "∅" : visible;
  }
}
