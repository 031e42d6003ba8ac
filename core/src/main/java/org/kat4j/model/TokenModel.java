package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;

/** A network that reads numbered tokens: a language model, or a classifier of sequences. */
public interface TokenModel extends Model {
  /**
   * @param tokens {@code [batch, tokens]}, int64
   * @return logits, {@code [batch, tokens, outputs]} where each token has an answer, else {@code
   *     [batch, outputs]}
   */
  Tensor forward(Tensor tokens, Pass pass);

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
