package org.kat4j.task.image;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.image.DecodingLimit;
import org.kat4j.image.ImageReading;
import org.kat4j.image.Picture;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.task.Scores;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A model together with what its inputs and outputs mean: from images to probabilities of classes.
 *
 * <p>Images may be made into inputs by many threads at once; the model itself is used by one at a
 * time. Closing it frees the model too.
 */
public final class Classifier implements AutoCloseable {
  /** Batches up to 2^7 images are recorded. */
  private static final int MOST_RECORDED = 7;

  /** Recording takes as long as some calls. */
  private static final int CALLS_UNTIL_RECORDED = 5;

  private final ImageModel model;
  private final InputDescription input;
  private final Precision precision;
  private final Tensor anyWeight; // tells device and dtype

  /** On a GPU, the passes over batches up to 1, 2, 4, ... images that came often enough. */
  private final @Nullable RecordedForward[] recorded = new RecordedForward[MOST_RECORDED + 1];

  private final int[] calls = new int[MOST_RECORDED + 1];
  private boolean recordable;

  /**
   * In the arithmetic of the model's own dtype.
   *
   * @throws UserException when the description is of another model
   */
  public Classifier(Model model, InputDescription input) {
    this(model, input, Precision.FLOAT32);
  }

  /**
   * @param precision in what a model with float32 weights computes
   * @throws UserException when the description is of another model, or its device does not compute
   *     in this precision
   */
  public Classifier(Model model, InputDescription input, Precision precision) {
    this.model = ImageModel.of(model);
    this.input = input;
    this.precision = precision;
    Signature.Images taken = this.model.spec().signature();
    int classes = input.classNames().size();
    int channels = input.normalization().mean().length;
    if (classes != taken.outputs() || channels != taken.channels()) {
      throw new UserException(
          "these weights describe %d classes and %d channels, their model has %d and %d"
              .formatted(classes, channels, taken.outputs(), taken.channels()));
    }
    anyWeight = StateDict.of(model).firstEntry().getValue();
    recordable = anyWeight.is_cuda();
    precision.requireOn(Device.of(anyWeight));
  }

  private Signature.Images shape() {
    return model.spec().signature();
  }

  /** The model. */
  public ImageModel model() {
    return model;
  }

  /**
   * The input of an image file, made as the training's evaluation made it: {@code [channels, size,
   * size]}, normalised.
   */
  public float[] pixels(Path image) {
    return normalized(ImageReading.read(image, shape().channels(), input.transform().upright()));
  }

  /** The input of an image in memory; {@code where} names it in errors. */
  public float[] pixels(byte[] image, String where) {
    return pixels(image, where, DecodingLimit.standard());
  }

  /** The same with a limit of time for its decoding. */
  public float[] pixels(byte[] image, String where, DecodingLimit limit) {
    return normalized(
        ImageReading.decode(image, where, shape().channels(), input.transform().upright(), limit));
  }

  private float[] normalized(Picture picture) {
    Signature.Images shape = shape();
    return input
        .normalization()
        .normalized(input.transform().apply(picture, shape.height(), shape.width()).pixels());
  }

  /** One batch through the model: the probabilities of the classes for each input. */
  public List<double[]> probabilities(List<float[]> inputs) {
    Signature.Images shape = shape();
    int classes = shape.outputs();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor batch = Memory.batch(inputs, shape.channels(), shape.height(), shape.width());
      double[] all = probabilities(batch);
      List<double[]> rows = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        rows.add(Arrays.copyOfRange(all, i * classes, (i + 1) * classes));
      }
      return rows;
    }
  }

  /**
   * {@code [count, channels, side, side]} on the CPU to {@code [count, classes]} in row-major
   * order.
   */
  private double[] probabilities(Tensor batch) {
    int power = Integer.SIZE - Integer.numberOfLeadingZeros((int) batch.size(0) - 1);
    if (recordable && power <= MOST_RECORDED) {
      if (recorded[power] == null && ++calls[power] > CALLS_UNTIL_RECORDED) {
        record(power);
      }
      RecordedForward forward = recorded[power];
      if (forward != null) {
        return forward.probabilities(batch);
      }
    }
    Tensor onDevice = Memory.to(batch, Device.of(anyWeight));
    return Memory.doubles(forward(Memory.to(onDevice, DType.of(anyWeight))));
  }

  /** Images to probabilities, on the device. */
  private Tensor forward(Tensor images) {
    Tensor logits;
    try (var _ = precision.on(Device.of(anyWeight))) {
      logits = model.forward(images, Pass.evaluation());
    }
    return Losses.probabilities(Memory.to(logits, DType.of(anyWeight)));
  }

  private void record(int power) {
    try {
      recorded[power] = new RecordedForward(shape(), this::forward, 1 << power, anyWeight);
    } catch (RuntimeException failure) {
      recordable = false;
      CudaGraph.warn("the model runs, small batches slower,", failure);
    }
  }

  /** Whether a model's output can be taken as an answer: weights that hold NaN give none. */
  public static boolean areNumbers(double[] probabilities) {
    return Arrays.stream(probabilities).allMatch(Double::isFinite);
  }

  /**
   * The most probable classes by name, best first.
   *
   * @throws UserException when the probabilities are no numbers
   */
  public List<Prediction> best(double[] probabilities, int count) {
    if (!areNumbers(probabilities)) {
      throw new UserException(Scores.NO_NUMBER);
    }
    return IntStream.range(0, probabilities.length)
        .mapToObj(c -> new Prediction(input.classNames().get(c), probabilities[c]))
        .sorted(Comparator.comparingDouble(Prediction::probability).reversed())
        .limit(count)
        .toList();
  }

  /** Frees the model and what was recorded of it; after the last call. */
  @Override
  public void close() {
    for (RecordedForward forward : recorded) {
      if (forward != null) {
        forward.close();
      }
    }
    Arrays.fill(recorded, null);
    recordable = false;
    model.close();
  }
}
