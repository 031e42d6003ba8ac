package org.kat4j.token;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.attention.HeadNorm;
import org.kat4j.attention.Heads;
import org.kat4j.attention.KeyValueCache;
import org.kat4j.attention.QueryKeyStep;
import org.kat4j.attention.QueryKeyStep.QueryKey;
import org.kat4j.attention.QueryKeyValue;
import org.kat4j.attention.QueryKeyValue.Projections;
import org.kat4j.attention.QueryKeyValue.Values;
import org.kat4j.attention.ScoreStep;
import org.kat4j.attention.ScoreStep.Places;
import org.kat4j.attention.Scores;
import org.kat4j.attention.Sight;
import org.kat4j.attention.Softmax;
import org.kat4j.attention.Weighting;
import org.kat4j.config.Check;
import org.kat4j.config.Config;
import org.kat4j.config.Kind;
import org.kat4j.config.Records;
import org.kat4j.function.Linear;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Stream;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Multi-head attention: queries, keys and values of each token, steps of queries and keys, a
 * weighting, an output projection. What a token sees is the layout's.
 *
 * <p>Taps: {@code weights [batch, heads, tokens, tokens]}. Sources: arXiv 1706.03762; shared heads
 * of keys and values, arXiv 2305.13245; names of timm's {@code Attention}.
 */
public final class Attention implements TokenMixer {
  /**
   * @param heads number of heads
   * @param keyValueHeads heads of keys and values, which divide those of queries; 0 for as many
   * @param headWidth channels of a head; 0 for the width divided by the heads
   * @param projections how queries, keys and values are made
   * @param values whether values are projected and joined again, or the tokens themselves
   * @param qkvBias whether queries, keys and values have a bias
   * @param outBias whether the output projection has a bias
   * @param queryKey steps between projections and product, in their order
   * @param scores steps between product and weighting, in their order
   * @param weighting how the values of all tokens become that of one
   * @param dropout rate after the output projection, in [0, 1)
   */
  @Kind("attention")
  public record Spec(
      int heads,
      int keyValueHeads,
      int headWidth,
      Projections projections,
      Values values,
      boolean qkvBias,
      boolean outBias,
      List<QueryKeyStep.Spec> queryKey,
      List<ScoreStep.Spec> scores,
      Weighting.Spec weighting,
      double dropout)
      implements TokenMixer.Spec {
    private static final int MOST = 1 << 15;

    public Spec {
      queryKey = List.copyOf(queryKey);
      scores = List.copyOf(scores);
      Check.atLeast("heads", heads, 1);
      Check.between("heads", heads, 1, MOST);
      Check.between("keyValueHeads", keyValueHeads, 0, heads);
      Check.between("headWidth", headWidth, 0, MOST);
      Check.inRange("dropout", dropout, 0, 1);
      if (keyValueHeads > 0 && heads % keyValueHeads != 0) {
        throw new IllegalArgumentException(
            "keyValueHeads = " + keyValueHeads + ": does not divide heads = " + heads);
      }
      checkProjections(heads, keyValueHeads, projections, values);
      Set<Class<?>> kinds = new HashSet<>();
      for (QueryKeyStep.Spec step : queryKey) {
        if (!kinds.add(step.getClass())) {
          throw new IllegalArgumentException(
              "queryKey: " + Config.kindOf((Record) step) + " stands there more than once");
        }
      }
      for (ScoreStep.Spec step : scores) {
        if (!weighting.takes(step)) {
          throw new IllegalArgumentException(
              "scores: %s does not go with weighting %s"
                  .formatted(Config.kindOf((Record) step), Config.kindOf((Record) weighting)));
        }
      }
    }

    private static void checkProjections(
        int heads, int keyValueHeads, Projections projections, Values values) {
      String name = projections.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (projections.ofWholeTokens() && heads > 1) {
        throw new IllegalArgumentException(
            "projections = %s has one matrix of the width for queries and keys: heads = 1 is needed, not %d"
                .formatted(name, heads));
      }
      boolean shares = keyValueHeads > 0 && keyValueHeads < heads;
      if (projections == Projections.SHARED_QK && shares) {
        throw new IllegalArgumentException(
            "projections = shared-qk makes as many heads of keys as of queries: keyValueHeads = "
                + keyValueHeads);
      }
      if (values == Values.NONE && projections == Projections.FUSED) {
        throw new IllegalArgumentException(
            "values = none: projections = fused makes values too; take separate, shared-qk, collapsed, symmetric or triangular");
      }
      if (values == Values.NONE && shares) {
        throw new IllegalArgumentException(
            "values = none: the tokens have values for every head; keyValueHeads = "
                + keyValueHeads);
      }
    }

    public static Spec example() {
      return heads(3);
    }

    /** timm's defaults with this many heads. */
    public static Spec heads(int heads) {
      return timm(heads, true, false, true, 0);
    }

    /**
     * timm's {@code Attention}.
     *
     * @param qkNorm whether queries and keys are normalised per head
     */
    public static Spec timm(
        int heads, boolean qkvBias, boolean qkNorm, boolean outBias, double dropout) {
      return new Spec(
          heads,
          0,
          0,
          Projections.FUSED,
          Values.PROJECTED,
          qkvBias,
          outBias,
          qkNorm ? List.of(HeadNorm.Spec.example()) : List.of(),
          List.of(),
          new Softmax.Spec(),
          dropout);
    }

    /** The same with other steps of queries and keys. */
    public Spec withQueryKey(List<QueryKeyStep.Spec> other) {
      return Records.with(this, Map.of("queryKey", other));
    }

    /** The same with other steps of scores. */
    public Spec withScores(List<ScoreStep.Spec> other) {
      return Records.with(this, Map.of("scores", other));
    }

    /** The same with another weighting. */
    public Spec withWeighting(Weighting.Spec other) {
      return Records.with(this, Map.of("weighting", other));
    }

    /** Whether queries and keys are normalised per head as timm does it. */
    public boolean qkNorm() {
      return queryKey.equals(List.of(HeadNorm.Spec.example()));
    }

    /**
     * Keys of earlier versions in today's words; called when a configuration or a description in a
     * weights file is read. {@code qkNorm} became a step; {@code causal}, if false, says nothing.
     */
    public static ObjectNode modern(ObjectNode given) {
      if (!given.has("qkNorm") && !given.has("causal")) {
        return given;
      }
      ObjectNode today = given.deepCopy();
      if (today.path("causal").asBoolean(false)) {
        throw new IllegalArgumentException(
            "causal = true: what a token sees is the model's; kind causal-transformer is a model of sequences");
      }
      today.remove("causal");
      if (today.remove("qkNorm") instanceof BooleanNode normed && normed.booleanValue()) {
        today
            .putArray("queryKey")
            .add(JsonNodeFactory.instance.objectNode().put("kind", "head-norm"));
      }
      return today;
    }

    @Override
    public Attention build(int width, Context context) {
      if (headWidth == 0 && width % heads != 0) {
        throw new IllegalArgumentException(
            "heads = " + heads + " does not divide the width " + width);
      }
      boolean whole = heads * headWidthOf(width) == width;
      if ((projections.ofWholeTokens() || values == Values.NONE) && !whole) {
        throw new IllegalArgumentException(
            "headWidth = %d: tokens as queries, keys or values need heads as wide as the width %d together"
                .formatted(headWidth, width));
      }
      return new Attention(this, width, context);
    }

    private int keyValueHeadsInUse() {
      return keyValueHeads == 0 ? heads : keyValueHeads;
    }

    private int headWidthOf(int width) {
      return headWidth == 0 ? width / heads : headWidth;
    }

    @Override
    public long macs(int tokens, int width) {
      long ofHeads = (long) heads * headWidthOf(width);
      long ofKeys = (long) keyValueHeadsInUse() * headWidthOf(width);
      long matrices = ofHeads + (projections.multipliesKeys() ? ofKeys : 0);
      if (values == Values.PROJECTED) {
        matrices += ofKeys + ofHeads;
      }
      long projections = (long) tokens * width * matrices;
      return projections
          + weighting.macs(tokens, new Heads(heads, keyValueHeadsInUse(), headWidthOf(width)));
    }
  }

  private final int heads;
  private final int headWidth;
  private final double dropout;
  private final boolean causal;
  private final QueryKeyValue projections;
  private final List<QueryKeyStep> steps = new ArrayList<>();
  private final List<ScoreStep> scores = new ArrayList<>();
  private final Weighting weighting;
  private final @Nullable Linear proj;
  private final boolean lowersInput;

  private Attention(Spec spec, int width, Context context) {
    heads = spec.heads;
    headWidth = spec.headWidthOf(width);
    dropout = spec.dropout;
    causal = context.layout().causal();
    Heads all = new Heads(heads, spec.keyValueHeadsInUse(), headWidth);
    projections =
        new QueryKeyValue(spec.projections, spec.values, width, all, spec.qkvBias, context);
    lowersInput =
        spec.values == Values.PROJECTED
            && (!spec.projections.ofWholeTokens() || spec.projections == Projections.TRIANGULAR);
    for (QueryKeyStep.Spec step : spec.queryKey) {
      steps.add(step.build(all, context));
    }
    for (ScoreStep.Spec step : spec.scores) {
      scores.add(step.build(all, context));
    }
    weighting = spec.weighting.build(all, context);
    proj =
        spec.values == Values.NONE
            ? null
            : new Linear(heads * headWidth, width, spec.outBias, context);
  }

  @Override
  public boolean lowersInput() {
    return lowersInput;
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    long batch = x.size(0);
    long tokens = x.size(1);
    Tensor mixed =
        projections
            .project(x, (q, k, v) -> mix(q, k, v, pass))
            .view(batch, tokens, (long) heads * headWidth);
    return Dropout.elements(proj == null ? mixed : proj.forward(mixed), dropout, pass);
  }

  /** To {@code [batch, tokens, heads, head width]}. */
  private Tensor mix(Tensor q, Tensor k, Tensor v, Pass pass) {
    QueryKey both = new QueryKey(q, k);
    for (QueryKeyStep step : steps) {
      both = step.apply(both, pass);
    }
    Stream stream = pass.stream();
    Tensor mixed =
        stream == null
            ? weighting.mix(both.q(), both.k(), v, ofAll(q.size(2)), pass)
            : continued(stream, both, v, pass);
    return mixed.transpose(1, 2).contiguous();
  }

  private Scores ofAll(long tokens) {
    return new Scores(scores, causal ? new Sight.Earlier() : new Sight.All(), Places.of(tokens));
  }

  private Tensor continued(Stream stream, QueryKey both, Tensor v, Pass pass) {
    if (!causal) {
      throw new IllegalStateException(
          "attention that sees later tokens cannot go on with a stream");
    }
    var seen = KeyValueCache.append(stream, both.k(), v);
    Places places = new Places(v.size(2), seen.keys().size(2), stream);
    Scores ofSeen = new Scores(scores, seen.sight(), places);
    return weighting.mix(both.q(), seen.keys(), seen.values(), ofSeen, pass);
  }

  public int heads() {
    return heads;
  }

  /**
   * Rows: queries, keys, values; each head after head. {@code weight [3 width, width]}; null where
   * they have matrices of their own.
   */
  public @Nullable Linear qkv() {
    return projections.all();
  }

  /** The output projection; null where there is none. */
  public @Nullable Linear proj() {
    return proj;
  }

  @Override
  public void register(Registry registry) {
    projections.register(registry);
    for (QueryKeyStep step : steps) {
      step.register(registry);
    }
    for (int i = 0; i < scores.size(); i++) {
      registry.part("scores." + i, scores.get(i));
    }
    registry.part("weighting", weighting);
    if (proj != null) {
      registry.part("proj", proj);
    }
  }
}
