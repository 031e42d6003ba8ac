package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Pass;

/** A network that reads numbered tokens: a language model, or a classifier of sequences. */
public interface TokenModel extends Model {
  /**
   * @param tokens {@code [batch, tokens]}, int64
   * @return logits, {@code [batch, tokens, outputs]} where each token has an answer, else {@code
   *     [batch, outputs]}
   */
  Tensor forward(Tensor tokens, Pass pass);

  /** Whether a pass may carry a {@link org.kat4j.torch.Stream}. */
  default boolean streams() {
    return false;
  }

  /**
   * The logits of what follows the last token.
   *
   * @param tokens {@code [batch, tokens]}, int64
   * @return {@code [batch, outputs]}
   */
  default Tensor next(Tensor tokens, Pass pass) {
    Tensor logits = forward(tokens, pass);
    return spec().signature().each() ? logits.select(1, -1) : logits;
  }

  /**
   * The mean cross entropy of tokens that follow, a scalar in float32.
   *
   * @param tokens {@code [batch, tokens]}, int64
   * @param next what follows each of them, the same shape; with one answer for the whole sequence
   *     {@code [batch]}
   */
  default Tensor loss(Tensor tokens, Tensor next, Pass pass) {
    Tensor logits = forward(tokens, pass);
    return Losses.crossEntropy(logits.flatten(0, -2), next.flatten(), 0);
  }

  @Override
  Spec spec();

  /** A model of tokens. */
  static TokenModel of(Model model) {
    if (model instanceof TokenModel tokens) {
      return tokens;
    }
    throw new UserException(
        "this model does not read tokens: " + model.spec().signature().describe());
  }

  /** A model of tokens as data. */
  interface Spec extends Model.Spec {
    @Override
    TokenModel build(Context context);

    @Override
    Signature.Tokens signature();
  }
}
