package org.kat4j.bench;

import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.Batches;
import org.kat4j.data.Feed;
import org.kat4j.data.text.TokenBatch;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.model.TokenModel;
import org.kat4j.task.Measure;
import org.kat4j.task.Meter;
import org.kat4j.task.Objective;
import org.kat4j.task.Task;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;

/**
 * A language task without a language: one batch of random tokens that lies on the device, for
 * measuring the time of the loop's steps. An epoch is one batch; nothing is evaluated.
 */
final class NoiseText implements Task<TokenBatch> {
  private final Signature.Tokens signature;
  private final TokenBatch batch;

  NoiseText(Signature.Tokens signature, int windows, Device device) {
    this.signature = signature;
    batch =
        new TokenBatch(noise(windows, signature, 1, device), noise(windows, signature, 2, device));
  }

  private static Tensor noise(int windows, Signature.Tokens signature, long seed, Device device) {
    long[] ids = new long[windows * signature.longest()];
    var random = org.kat4j.data.RandomStream.of(seed);
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt(signature.vocabulary());
    }
    try (Scope _ = Scope.open()) {
      Tensor onHost = Tensor.create(ids, windows, signature.longest());
      return Scope.keep(Memory.to(onHost, device));
    }
  }

  @Override
  public String describe() {
    return "noise";
  }

  @Override
  public String unit() {
    return "tokens";
  }

  @Override
  public int unitsOfSample() {
    return signature.longest();
  }

  @Override
  public String checksum() {
    return "noise";
  }

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Measure primary() {
    throw new UnsupportedOperationException("noise is not evaluated");
  }

  @Override
  public Map<String, String> meaning() {
    return Map.of();
  }

  @Override
  public Feed<TokenBatch> training(Feeding how) {
    return new Feed<>() {
      @Override
      public int samples() {
        return batch.samples();
      }

      @Override
      public int batches() {
        return 1;
      }

      @Override
      public Batches<TokenBatch> epoch(int epoch, int firstBatch) {
        return new Batches<>() {
          private boolean given = firstBatch > 0;

          @Override
          public boolean hasNext() {
            return !given;
          }

          @Override
          public TokenBatch next() {
            if (given) {
              throw new NoSuchElementException("the epoch has one batch");
            }
            given = true;
            return batch;
          }

          @Override
          public void close() {}
        };
      }
    };
  }

  @Override
  public Feed<TokenBatch> validation(int batchSize) {
    throw new UnsupportedOperationException("noise is not evaluated");
  }

  @Override
  public Objective<TokenBatch> of(Model model) {
    TokenModel tokens = TokenModel.of(model);
    return new Objective<>() {
      @Override
      public Tensor loss(TokenBatch noise, Pass pass) {
        return tokens.loss(noise.read(), noise.next(), pass);
      }

      @Override
      public Meter<TokenBatch> meter() {
        throw new UnsupportedOperationException("noise is not evaluated");
      }
    };
  }

  @Override
  public String sizeKey() {
    return "--context";
  }

  @Override
  public void close() {
    Scope.free(List.of(batch.read(), batch.next()));
  }
}
