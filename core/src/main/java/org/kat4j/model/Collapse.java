package org.kat4j.model;

import org.kat4j.attention.ScoreStep;
import org.kat4j.attention.Softmax;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.token.Attention;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Models whose attention has one head, with W_Q W_K^T as one matrix: the same function, but for
 * rounding. Source: arXiv 2410.13732.
 */
public final class Collapse {
  private Collapse() {}

  /**
   * The model with every attention collapsed.
   *
   * @throws UserException where one cannot be, or none is left to be
   */
  public static Model.Spec of(Model.Spec spec) {
    ObjectNode tree = Config.parse(Config.toJson((Record) spec), "the model");
    if (!collapse(tree)) {
      throw new UserException("--collapse: no attention here has matrices W_Q and W_K to multiply");
    }
    return Config.fromJson(tree.toString(), Model.Spec.class, "the model");
  }

  /** The tensors of a file as the collapsed model has them. */
  public static TensorFile tensors(TensorFile file, Model collapsed) {
    return CollapsedTensors.of(file, StateDict.of(collapsed).keySet());
  }

  /** Whether there was something to do below this node, which it was done to. */
  private static boolean collapse(JsonNode node) {
    boolean done = false;
    if (node instanceof ObjectNode object) {
      if (object.path("kind").asString("").equals("attention")) {
        return collapseAttention(object);
      }
      for (JsonNode child : object.values()) {
        done |= collapse(child);
      }
    } else if (node instanceof ArrayNode array) {
      for (JsonNode child : array) {
        done |= collapse(child);
      }
    }
    return done;
  }

  private static boolean collapseAttention(ObjectNode node) {
    var attention =
        (Attention.Spec) Config.fromJson(node.toString(), TokenMixer.Spec.class, "attention");
    if (attention.projections().ofWholeTokens()) {
      return false;
    }
    check(attention);
    node.put("projections", "collapsed");
    return true;
  }

  private static void check(Attention.Spec attention) {
    if (attention.heads() > 1) {
      throw new UserException(
          "--collapse: attention with %d heads would need a matrix of the width for each of them; only one head is collapsed"
              .formatted(attention.heads()));
    }
    if (!attention.queryKey().isEmpty()) {
      throw new UserException(
          "--collapse: queryKey step %s stands between W_Q and W_K: their product is not what the model computes"
              .formatted(Config.kindOf((Record) attention.queryKey().getFirst())));
    }
    if (!(attention.weighting() instanceof Softmax.Spec)) {
      throw new UserException(
          "--collapse: weighting %s: only softmax is collapsed"
              .formatted(Config.kindOf((Record) attention.weighting())));
    }
    for (ScoreStep.Spec step : attention.scores()) {
      if (attention.qkvBias() && step.effect() == ScoreStep.Effect.MULTIPLIED) {
        throw new UserException(
            "--collapse: scores %s multiplies what the bias of the queries adds: only without qkvBias"
                .formatted(Config.kindOf((Record) step)));
      }
    }
  }
}
