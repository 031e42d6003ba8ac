package org.kat4j.train;

import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.Baselines;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Signature;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.GradientScaler;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Steps of a model's training, all on the same batch of random images that lies on the device.
 *
 * <p>For measuring time and memory. Weights, images and labels are the same on every device.
 */
public final class TrainingStep implements Runnable, AutoCloseable {
  private static final double LABEL_SMOOTHING = 0.1;
  private static final double LEARNING_RATE = 1e-3;

  private final ImageModel model;
  private final SequencedMap<String, Tensor> parameters;
  private final Optimizer optimizer;
  private final GradientScaler scaler;
  private final RandomStream random = new RandomStream(1);
  private final Device device;
  private final Precision precision;
  private final Tensor images;
  private final Tensor labels;
  private final Tensor lossSum;

  /**
   * @param batch images of a step, at least 1
   */
  public TrainingStep(ImageModel.Spec spec, Device device, Precision precision, int batch) {
    this.device = device;
    this.precision = precision;
    scaler = new GradientScaler(precision);
    model = spec.build(new Context(device, DType.FLOAT32, new RandomStream(1), 0, 1, true));
    parameters = StateDict.trained(model);
    AdamW.Spec adamw = AdamW.Spec.example();
    optimizer =
        adamw.build(ParameterGroup.split(parameters, adamw.weightDecay(), model.noWeightDecay()));
    Signature.Images input = spec.signature();
    Tensor noise =
        Baselines.normal("float32", batch, input.channels(), input.height(), input.width());
    images = Scope.keep(Memory.to(new RandomStream(2).normal(noise, 0, 1), device));
    long[] classes = new long[batch];
    for (int i = 0; i < batch; i++) {
      classes[i] = i % input.outputs();
    }
    labels = Scope.keep(Memory.to(Tensor.create(classes), device));
    lossSum = Losses.zeroSum(device);
  }

  @Override
  public void run() {
    try (Scope _ = Scope.open()) {
      Tensor loss;
      try (var _ = precision.on(device)) {
        Tensor logits = model.forward(images, Pass.training(random)); // [batch, classes]
        loss = Losses.crossEntropy(logits, labels, LABEL_SMOOTHING);
      }
      precision.backward(scaler.scaled(loss));
      if (scaler.unscale(parameters.values())) {
        optimizer.step(LEARNING_RATE);
      }
      StateDict.clearGradients(parameters);
      Losses.addTo(lossSum, loss);
    }
  }

  /** Sum of the losses of all steps so far; waits for the device. */
  public double lossSum() {
    return Memory.doubles(lossSum)[0];
  }

  public long parameterCount() {
    return StateDict.parameterCount(model);
  }

  /** Frees the model, the optimizer's state and the batch. */
  @Override
  public void close() {
    model.close();
    optimizer.close();
    Scope.free(List.of(images, labels, lossSum));
  }
}
