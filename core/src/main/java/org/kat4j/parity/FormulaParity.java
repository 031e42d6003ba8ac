package org.kat4j.parity;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.kat4j.model.ImageModel;
import org.kat4j.model.MetaFormer;
import org.kat4j.model.MetaFormerNames;
import org.kat4j.model.MetaFormerPublished;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;

/** Whole published MetaFormers whose weights follow from their names. */
public final class FormulaParity implements ParityAdapter {
  private static final double FLOAT64 = 1e-8;
  private static final double FLOAT32 = 1e-3;

  @Override
  public boolean covers(Golden golden) {
    return golden.config().has("formula")
        && MetaFormerPublished.named(golden.text("cls")).isPresent();
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    Map<String, long[]> state = state(golden);
    MetaFormerNames names =
        MetaFormerNames.among(state::containsKey)
            .orElseThrow(() -> new IllegalArgumentException("names of no known MetaFormer"));
    MetaFormer.Spec spec =
        MetaFormerPublished.named(golden.text("cls"))
            .orElseThrow()
            .spec(names, name -> Optional.ofNullable(state.get(name)));
    long[] input =
        golden.config().path("input").valueStream().mapToLong(JsonNode::asLong).toArray();
    Context context = Context.cpu(0).withDType(comparison.dtype());
    try (ImageModel model =
        spec.withInput(Math.toIntExact(input[2]), spec.channels(), spec.classes()).build(context)) {
      SequencedMap<String, Tensor> tensors = StateDict.of(model);
      comparison.same("number of tensors", tensors.size(), state.size());
      tensors.forEach((name, tensor) -> fill(names.of(name), tensor, state, comparison));
      onePass(golden, model, names, tensors, FormulaWeights.input(input), comparison);
    }
  }

  /** Shapes by name. */
  private static Map<String, long[]> state(Golden golden) {
    Map<String, long[]> shapes = new HashMap<>();
    for (Map.Entry<String, JsonNode> tensor : golden.config().path("state").properties()) {
      shapes.put(
          tensor.getKey(), tensor.getValue().valueStream().mapToLong(JsonNode::asLong).toArray());
    }
    return shapes;
  }

  private static void fill(
      String name, Tensor target, Map<String, long[]> state, Comparison comparison) {
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

  private static void onePass(
      Golden golden,
      ImageModel model,
      MetaFormerNames names,
      SequencedMap<String, Tensor> tensors,
      Tensor images,
      Comparison comparison) {
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    Tensor x = Backpropagation.leaf(images, comparison.dtype());
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
    if (seen != null) {
      start(golden, "extra.features", asRecorded(seen, golden), tolerance, comparison);
    }
    Backpropagation.run(output, FormulaWeights.ofOutput(output.shape()));
    start(golden, "grad.input", x.grad(), tolerance, comparison);
    tensors.forEach((name, tensor) -> {
      String recorded = "gradnorm." + names.of(name);
      if (golden.has(recorded)) {
        norm(recorded, golden, tensor.grad(), tolerance, comparison);
      }
    });
  }

  /** Tokens {@code [batch, tokens, width]} as the image that a convolutional network has. */
  private static Tensor asRecorded(Tensor tokens, Golden golden) {
    JsonNode shape = golden.config().path("features_shape");
    return shape.size() == 4 ? tokens.transpose(1, 2) : tokens;
  }

  /** The first numbers and the norm of all. */
  private static void start(
      Golden golden, String name, Tensor actual, double tolerance, Comparison comparison) {
    Tensor head = golden.read(name + ".head");
    Tensor flat = actual.contiguous().view(-1);
    comparison.compare(name + ".head", flat.narrow(0, 0, head.numel()), head, tolerance);
    norm(name + ".norm", golden, actual, tolerance, comparison);
  }

  private static void norm(
      String name, Golden golden, Tensor actual, double tolerance, Comparison comparison) {
    double norm = actual.to(ScalarType.Double).norm().item_double();
    comparison.compare(name, norm, golden.read(name).item_double(), tolerance);
  }
}
