package org.kat4j.task.language;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.text.TokenBatch;
import org.kat4j.error.UserException;
import org.kat4j.model.TokenModel;
import org.kat4j.task.Measure;
import org.kat4j.task.Meter;
import org.kat4j.task.Scores;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** The mean cross entropy of the tokens of a text, and what follows from it. */
public final class LanguageMeter implements Meter<TokenBatch> {
  /** Mean cross entropy of a token. */
  public static final Measure LOSS = new Measure("loss", "nats", false, false);

  /** Its exponential: among how many tokens it chooses. */
  public static final Measure PERPLEXITY = new Measure("perplexity", "", false, true);

  /** Cross entropy of a byte of the text, which compares between tokenizers. */
  public static final Measure BITS_PER_BYTE = new Measure("bitsPerByte", "bits", false, false);

  private final TokenModel model;
  private final double bytesOfToken;
  private final Tensor sum; // float64 scalar: of the losses of all tokens
  private long tokens;

  LanguageMeter(TokenModel model, double bytesOfToken) {
    this.model = model;
    this.bytesOfToken = bytesOfToken;
    sum = Losses.zeroSum(Device.of(StateDict.of(model).firstEntry().getValue()));
  }

  @Override
  public void add(TokenBatch batch) {
    Tensor mean = model.loss(batch.read(), batch.next(), Pass.evaluation());
    Losses.addTo(sum, mean, batch.next().numel());
    tokens += batch.next().numel();
  }

  @Override
  public Scores read() {
    if (tokens == 0) {
      throw new UserException("there is no text to evaluate on");
    }
    double loss = Memory.doubles(sum)[0] / tokens;
    Scope.free(List.of(sum));
    SequencedMap<Measure, Double> values = new LinkedHashMap<>();
    values.put(LOSS, loss);
    values.put(PERPLEXITY, Math.exp(loss));
    values.put(BITS_PER_BYTE, loss / Math.log(2) / bytesOfToken);
    return new Scores(values, Optional.empty());
  }
}
