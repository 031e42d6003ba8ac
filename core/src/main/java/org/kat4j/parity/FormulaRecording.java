package org.kat4j.parity;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.kat4j.model.ImageModel;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;

/**
 * A recording of a whole image model whose weights follow from their names: logits, the first
 * numbers and the norm of features and input gradient, and the norm of every parameter's gradient.
 *
 * @param golden the file
 * @param state shapes of the recorded model's tensors by name
 */
record FormulaRecording(Golden golden, Map<String, long[]> state) {
  private static final double FLOAT64 = 1e-8;
  private static final double FLOAT32 = 1e-3;

  static boolean isOne(Golden golden) {
    return golden.config().has("formula") && golden.config().path("state").isObject();
  }

  static FormulaRecording of(Golden golden) {
    Map<String, long[]> shapes = new HashMap<>();
    for (Map.Entry<String, JsonNode> tensor : golden.config().path("state").properties()) {
      shapes.put(tensor.getKey(), sizes(tensor.getValue()));
    }
    return new FormulaRecording(golden, shapes);
  }

  /** Shape of the images. */
  long[] input() {
    return sizes(golden.config().path("input"));
  }

  private static long[] sizes(JsonNode list) {
    return list.valueStream().mapToLong(JsonNode::asLong).toArray();
  }

  /**
   * Fills the model and compares what it computes.
   *
   * @param recordedName the recording's name of a tensor of ours
   */
  void compare(ImageModel model, UnaryOperator<String> recordedName, Comparison comparison) {
    SequencedMap<String, Tensor> tensors = StateDict.of(model);
    comparison.same("number of tensors", tensors.size(), state.size());
    tensors.forEach((name, tensor) -> fill(recordedName.apply(name), tensor, comparison));
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    Tensor x = Backpropagation.leaf(FormulaWeights.input(input()), comparison.dtype());
    AtomicReference<@Nullable Tensor> features = new AtomicReference<>();
    Pass pass =
        Pass.evaluation((name, value) -> {
          if (name.equals("features")) {
            features.set(value.detach());
          }
        });
    Tensor output = model.forward(x, pass);
    comparison.compare("output", output, golden.read("output"), tolerance);
    Tensor seen = features.get();
    if (seen != null && golden.has("extra.features.head")) {
      start("extra.features", asRecorded(seen), tolerance, comparison);
    }
    Backpropagation.run(output, FormulaWeights.ofOutput(output.shape()));
    start("grad.input", x.grad(), tolerance, comparison);
    tensors.forEach((name, tensor) -> {
      String recorded = "gradnorm." + recordedName.apply(name);
      if (golden.has(recorded)) {
        norm(recorded, tensor.grad(), tolerance, comparison);
      }
    });
  }

  private void fill(String name, Tensor target, Comparison comparison) {
    long @Nullable [] shape = state.get(name);
    if (shape == null || product(shape) != target.numel()) {
      comparison.same(name, Arrays.toString(target.shape()), Arrays.toString(shape));
      return;
    }
    try (Scope _ = Scope.open()) {
      Backpropagation.set(target, FormulaWeights.of(name, shape).view(target.shape()));
    }
  }

  private static long product(long[] shape) {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /** Tokens {@code [batch, tokens, width]} as the image that a convolutional network has. */
  private Tensor asRecorded(Tensor tokens) {
    JsonNode shape = golden.config().path("features_shape");
    return shape.size() == 4 ? tokens.transpose(1, 2) : tokens;
  }

  /** The first numbers and the norm of all. */
  private void start(String name, Tensor actual, double tolerance, Comparison comparison) {
    Tensor head = golden.read(name + ".head");
    Tensor flat = actual.contiguous().view(-1);
    comparison.compare(name + ".head", flat.narrow(0, 0, head.numel()), head, tolerance);
    norm(name + ".norm", actual, tolerance, comparison);
  }

  private void norm(String name, Tensor actual, double tolerance, Comparison comparison) {
    double norm = actual.to(ScalarType.Double).norm().item_double();
    comparison.compare(name, norm, golden.read(name).item_double(), tolerance);
  }
}
