package org.kat4j.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.DivergedException;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.GradientNorm;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A training by AdamW on its way: updates the part and keeps losses, seconds and scores. All
 * parameters are one group. Closing it frees the part.
 */
public final class Course implements AutoCloseable {
  private final Part part;
  private final Device device;
  private final SequencedMap<String, Tensor> parameters;
  private final Optimizer optimizer;
  private final double longestGradient;
  private final Tensor lossSum;
  private final List<Measured.Point> curve = new ArrayList<>();
  private long steps;
  private long stepsAtPoint;
  private long nanos;
  private long since;

  /**
   * @param longestGradient norm of all gradients that longer ones are cut to; 0: none is cut
   */
  public Course(Part part, AdamW.Spec spec, double longestGradient, Device device) {
    this.part = part;
    this.device = device;
    this.longestGradient = longestGradient;
    parameters = StateDict.trained(part);
    optimizer = spec.build(ParameterGroup.single(parameters, spec.weightDecay()));
    lossSum = Losses.zeroSum(device);
    startClock();
  }

  /** One update by the gradient of a loss, a scalar. */
  public void update(double rate, Supplier<Tensor> loss) {
    try (Scope _ = Scope.open()) {
      Tensor value = loss.get();
      value.backward();
      if (longestGradient > 0) {
        GradientNorm.clip(parameters.values(), longestGradient);
      }
      optimizer.step(rate);
      StateDict.clearGradients(parameters);
      Losses.addTo(lossSum, value);
    }
    steps++;
  }

  /**
   * Adds a point to the curve; the time that scoring takes is not counted.
   *
   * @throws DivergedException if the mean loss since the last point is no number
   */
  public void point(DoubleSupplier validation) {
    stopClock();
    double mean = Memory.doubles(lossSum)[0] / (steps - stepsAtPoint);
    DivergedException.finite("training loss", mean, "after " + steps + " steps");
    curve.add(new Measured.Point(steps, mean, validation.getAsDouble()));
    lossSum.zero_();
    stepsAtPoint = steps;
    startClock();
  }

  /**
   * What the trial found. The validation score is that of the last point, which has to follow the
   * last update.
   */
  public Measured measured(double test) {
    if (curve.isEmpty() || stepsAtPoint < steps) {
      throw new IllegalStateException("the last weights have no validation score");
    }
    return new Measured(curve.getLast().validation(), test, steps, nanos / 1e9, curve, Map.of());
  }

  private void startClock() {
    device.synchronize();
    since = System.nanoTime();
  }

  private void stopClock() {
    device.synchronize();
    nanos += System.nanoTime() - since;
  }

  @Override
  public void close() {
    StateDict.free(part);
    optimizer.close();
    lossSum.close();
  }
}
