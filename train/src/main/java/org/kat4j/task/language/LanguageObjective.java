package org.kat4j.task.language;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.text.TokenBatch;
import org.kat4j.model.TokenModel;
import org.kat4j.task.Meter;
import org.kat4j.task.Objective;
import org.kat4j.torch.Pass;

/**
 * The mean cross entropy of the tokens that follow.
 *
 * @param bytesOfToken mean length of a token of the text in bytes of UTF-8
 */
record LanguageObjective(TokenModel model, double bytesOfToken) implements Objective<TokenBatch> {
  @Override
  public Tensor loss(TokenBatch batch, Pass pass) {
    return model.loss(batch.read(), batch.next(), pass);
  }

  @Override
  public Meter<TokenBatch> meter() {
    return new LanguageMeter(model, bytesOfToken);
  }
}
