package org.kat4j.train;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Records;
import org.kat4j.data.Batch;
import org.kat4j.data.Batches;
import org.kat4j.data.Feed;
import org.kat4j.data.ImageBatch;
import org.kat4j.data.RandomStream;
import org.kat4j.data.text.TokenBatch;
import org.kat4j.error.UserException;
import org.kat4j.kernel.Baselines;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.model.TokenModel;
import org.kat4j.optim.AdamW;
import org.kat4j.task.Measure;
import org.kat4j.task.Meter;
import org.kat4j.task.Objective;
import org.kat4j.task.Task;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Steps of the training loop on one batch of noise that lies on the device: for measuring their
 * time and memory. Weights and noise are the same on every device.
 */
public final class NoiseSteps implements Runnable, AutoCloseable {
  private static final double LABEL_SMOOTHING = 0.1; // of images

  private final Noise<?> noise;
  private final Loop<?> loop;
  private boolean goesOn;

  /**
   * AdamW at a constant rate.
   *
   * @param config of the loop; its data are not opened
   * @param recorded whether a GPU records the two passes, as it does in a training; otherwise the
   *     whole step can be recorded
   */
  public NoiseSteps(TrainConfig config, boolean recorded) {
    Device device = Device.parse(config.device());
    int samples = config.batchSize();
    switch (config.model().signature()) {
      case Signature.Images images -> {
        var task =
            new Noise<>(images, pictures(images, samples, device), device, recorded, this::loss);
        noise = task;
        loop = Loop.of(config, task);
      }
      case Signature.Tokens tokens -> {
        var task = new Noise<>(tokens, text(tokens, samples, device), device, recorded, this::loss);
        noise = task;
        loop = Loop.of(config, task);
      }
      case Signature.Rows rows ->
          throw new UserException("there is no noise for a model of " + rows.describe());
    }
  }

  /** A configuration for measuring: AdamW at a constant rate. */
  public static TrainConfig config(
      Model.Spec model, Device device, Precision precision, int batch) {
    return Records.with(
        TrainConfig.example(),
        Map.of(
            "model",
            model,
            "optimizer",
            AdamW.Spec.example(),
            "schedule",
            new Schedule(1_000_000, 0, 0, 0, true, false, new Decay.Constant()),
            "batchSize",
            batch,
            "clipNorm",
            0.0,
            "device",
            device.toString(),
            "precision",
            precision));
  }

  private Tensor loss(Model model, ImageBatch batch, Pass pass) {
    Tensor logits = ImageModel.of(model).forward(batch.pixels(), pass); // [batch, classes]
    return Losses.crossEntropy(logits, batch.labels(), LABEL_SMOOTHING);
  }

  private Tensor loss(Model model, TokenBatch batch, Pass pass) {
    return TokenModel.of(model).loss(batch.read(), batch.next(), pass);
  }

  private static ImageBatch pictures(Signature.Images images, int samples, Device device) {
    try (Scope _ = Scope.open()) {
      Tensor memory =
          Baselines.normal("float32", samples, images.channels(), images.height(), images.width());
      Tensor pixels = new org.kat4j.torch.RandomStream(2).normal(memory, 0, 1);
      long[] classes = new long[samples];
      for (int i = 0; i < samples; i++) {
        classes[i] = i % images.outputs();
      }
      return ImageBatch.of(
          Scope.keep(Memory.to(pixels, device)),
          Scope.keep(Memory.to(Tensor.create(classes), device)));
    }
  }

  private static TokenBatch text(Signature.Tokens tokens, int samples, Device device) {
    return new TokenBatch(ids(tokens, samples, 1, device), ids(tokens, samples, 2, device));
  }

  private static Tensor ids(Signature.Tokens tokens, int samples, long seed, Device device) {
    long[] ids = new long[samples * tokens.longest()];
    RandomStream random = RandomStream.of(seed);
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt(tokens.vocabulary());
    }
    try (Scope _ = Scope.open()) {
      return Scope.keep(Memory.to(Tensor.create(ids, samples, tokens.longest()), device));
    }
  }

  /** One step: forward, loss, backward, update. */
  @Override
  public void run() {
    goesOn = true;
    boolean _ =
        loop.epoch(
            new Loop.Listener() {
              @Override
              public boolean goesOn() {
                boolean first = goesOn;
                goesOn = false;
                return first;
              }
            });
  }

  /** Sum of the losses of all steps so far that were not recorded; waits for the device. */
  public double lossSum() {
    return Memory.doubles(noise.lossSum)[0];
  }

  public long parameterCount() {
    return StateDict.parameterCount(loop.trained());
  }

  /** Frees the model, the optimizer's state and the batch. */
  @Override
  public void close() {
    loop.close();
    noise.close();
  }

  /** The loss of a model for a batch. */
  @FunctionalInterface
  private interface Loss<B extends Batch> {
    Tensor of(Model model, B batch, Pass pass);
  }

  /**
   * A task without data, whose one epoch has as many batches as one likes. Nothing is evaluated.
   */
  private static final class Noise<B extends Batch> implements Task<B> {
    private final Signature signature;
    private final B batch; // closed by nobody: each step gets another over its tensors
    private final List<Tensor> tensors;
    private final boolean recorded;
    private final Loss<B> loss;
    private final Tensor lossSum;

    Noise(Signature signature, B batch, Device device, boolean recorded, Loss<B> loss) {
      this.signature = signature;
      this.batch = batch;
      tensors = batch.tensors();
      this.recorded = recorded;
      this.loss = loss;
      lossSum = Losses.zeroSum(device);
    }

    @Override
    public String describe() {
      return "noise";
    }

    @Override
    public String unit() {
      return "samples";
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
    public Feed<B> training(Feeding how) {
      return new Feed<>() {
        @Override
        public int samples() {
          return batch.samples();
        }

        @Override
        public int batches() {
          return Integer.MAX_VALUE;
        }

        @Override
        public Batches<B> epoch(int epoch, int firstBatch) {
          return new Batches<>() {
            @Override
            public boolean hasNext() {
              return true;
            }

            @Override
            public B next() {
              return Batch.like(batch, tensors);
            }

            @Override
            public void close() {}
          };
        }
      };
    }

    @Override
    public Feed<B> validation(int batchSize) {
      throw new UnsupportedOperationException("noise is not evaluated");
    }

    @Override
    public Objective<B> of(Model model) {
      return new Objective<>() {
        @Override
        public Tensor loss(B given, Pass pass) {
          Tensor value = loss.of(model, given, pass);
          Losses.addTo(lossSum, value);
          return value;
        }

        @Override
        public boolean sameWorkEveryTime() {
          return recorded;
        }

        @Override
        public Meter<B> meter() {
          throw new UnsupportedOperationException("noise is not evaluated");
        }
      };
    }

    @Override
    public String sizeKey() {
      return "the size of its inputs";
    }

    @Override
    public void close() {
      Scope.free(tensors);
      Scope.free(List.of(lossSum));
    }
  }
}
