package org.kat4j.parity;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Part;
import org.kat4j.torch.StateDict;

/**
 * A part of ours with the recorded parameters of its counterpart, and the comparison of gradients.
 *
 * <p>Names are those of the recording: every tensor of the part must be recorded under its own
 * name, and every recorded gradient must belong to a tensor of the part, unless it is zero. What
 * the official class keeps without using it needs no counterpart.
 */
final class RecordedPart {
  /** Recorded gradients below this vanish by construction and hold rounding noise only. */
  private static final double NOISE = 1e-11;

  /** What float32 leaves of a gradient that was stored in it. */
  private static final double ROUNDED = 1e-6;

  private final Golden golden;
  private final Comparison comparison;
  private final double tolerance;
  private final SequencedMap<String, Tensor> tensors;
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();

  private RecordedPart(Golden golden, Part part, double tolerance, Comparison comparison) {
    this.golden = golden;
    this.comparison = comparison;
    this.tolerance = tolerance;
    tensors = StateDict.of(part);
  }

  /** Loads the recorded parameters and buffers into a part. */
  static RecordedPart load(Golden golden, Part part, double tolerance, Comparison comparison) {
    var loaded = new RecordedPart(golden, part, tolerance, comparison);
    loaded.tensors.forEach((name, tensor) -> {
      Tensor recorded =
          loaded.inShape(
              golden.read((golden.has("param." + name) ? "param." : "buffer.") + name), tensor);
      comparison.same("shape of " + name, shape(tensor), shape(recorded));
      Backpropagation.set(tensor, recorded);
    });
    return loaded;
  }

  /**
   * What qkan stores flat, with one axis for outputs and inputs, and linear layers stored as
   * convolutions of one pixel, in the shape of ours: the same numbers in the same order.
   */
  private Tensor inShape(Tensor recorded, Tensor like) {
    boolean flat =
        golden.text("repo").endsWith("/qkan")
            && recorded.dim() == like.dim() - 1
            && recorded.size(0) == like.size(0) * like.size(1);
    boolean pixel =
        recorded.dim() == 4 && like.dim() == 2 && recorded.size(2) == 1 && recorded.size(3) == 1;
    return flat || pixel ? recorded.view(like.shape()) : recorded;
  }

  private static String shape(Tensor tensor) {
    return Arrays.toString(tensor.shape());
  }

  /** A recorded input that collects a gradient. */
  Tensor input(String name) {
    Tensor leaf = Backpropagation.leaf(golden.read("input." + name), comparison.dtype());
    inputs.put(name, leaf);
    return leaf;
  }

  void compare(String name, Tensor actual) {
    comparison.compare(name, actual, golden.read(name), tolerance);
  }

  /** Compares all gradients, each multiplied by a factor that depends on its name. */
  void compareGradients(ToDoubleFunction<String> factor) {
    double largest =
        golden.under("grad.").values().stream()
            .mapToDouble(gradient -> gradient.abs().max().item_double())
            .max()
            .orElse(0);
    inputs.forEach((name, leaf) -> gradient("input." + name, leaf, factor, largest));
    for (String name : golden.under("grad.").keySet()) {
      Tensor tensor = tensors.get(name);
      if (tensor != null) {
        gradient(name, tensor, factor, largest);
      } else if (!name.startsWith("input.")) {
        boolean vanishes = golden.read("grad." + name).abs().max().item_double() == 0;
        comparison.same("grad." + name + " of a tensor that takes no part", vanishes, true);
      }
    }
  }

  void compareGradients() {
    compareGradients(_ -> 1);
  }

  private void gradient(
      String name, Tensor tensor, ToDoubleFunction<String> factor, double largest) {
    String recordedName = "grad." + name;
    if (!golden.has(recordedName)) {
      return;
    }
    Tensor recorded = inShape(golden.read(recordedName), tensor);
    Tensor actual = tensor.grad();
    if (!actual.defined()) {
      comparison.compare(recordedName, actual, recorded, tolerance);
      return;
    }
    Tensor scaled = actual.mul(new Scalar(factor.applyAsDouble(name)));
    double allowed = golden.isRounded(recordedName) ? Math.max(tolerance, ROUNDED) : tolerance;
    if (recorded.abs().max().item_double() < NOISE) {
      comparison.compareAbsolutely(recordedName, scaled, recorded, allowed * largest);
    } else {
      comparison.compare(recordedName, scaled, recorded, allowed);
    }
  }
}
