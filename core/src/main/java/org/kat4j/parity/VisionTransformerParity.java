package org.kat4j.parity;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.TimmTensors;
import org.kat4j.model.VisionTransformer;
import org.kat4j.model.WeightInit;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;

/**
 * Whole vision transformers, timm's and KAT's: one pass, one training batch, three training steps,
 * and their layouts.
 */
public final class VisionTransformerParity implements ParityAdapter {
  private static final double FLOAT64 = 1e-10;
  private static final double FLOAT32 = 1e-4;
  private static final double STORED_AS_FLOAT32 = 1e-6;
  private static final double AFTER_STEPS_64 = 1e-9;
  private static final double AFTER_STEPS_32 = 1e-3;
  private static final int STEPS = 3;

  @Override
  public boolean covers(Golden golden) {
    String cls = golden.text("cls");
    return cls.equals("KATVisionTransformer")
        || cls.equals("VisionTransformer")
        || cls.endsWith("vision_transformer.VisionTransformer")
        || (golden.text("file").equals("katransformer.py") && golden.config().has("models"));
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    if (golden.config().has("models")) {
      layouts(golden, comparison);
      return;
    }
    ImageModel model = spec(golden).build(Context.cpu(0).withDType(comparison.dtype()));
    SequencedMap<String, Tensor> parameters = StateDict.of(model);
    Map<String, Tensor> recorded = golden.under("param.");
    comparison.same("names", new TreeMap<>(shapes(parameters)), new TreeMap<>(shapes(recorded)));
    parameters.forEach((name, parameter) ->
        Backpropagation.set(parameter, Objects.requireNonNull(recorded.get(name))));
    if (golden.has("output.loss.step1")) {
      trainingSteps(golden, model, parameters, comparison);
    } else {
      onePass(golden, model, parameters, comparison);
    }
  }

  /** The model of the official constructor's arguments. */
  private static ImageModel.Spec spec(Golden golden) {
    return TimmTensors.spec(
            golden.config(),
            name ->
                golden.has("param." + name)
                    ? Optional.of(golden.read("param." + name).shape())
                    : Optional.empty())
        .withWeightInit(WeightInit.SKIP);
  }

  private static void onePass(
      Golden golden, ImageModel model, Map<String, Tensor> parameters, Comparison comparison) {
    Tensor x = Backpropagation.leaf(golden.read("input.x"), comparison.dtype());
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    if (golden.has("extra.forward_features")) {
      Tensor features = ((VisionTransformer) model).forwardFeatures(x, Pass.evaluation());
      compareStored(golden, "extra.forward_features", features, tolerance, comparison);
    }
    Tensor logits = model.forward(x, Pass.evaluation());
    if (golden.has("target")) {
      Tensor loss = Losses.crossEntropy(logits, golden.readIntegers("target"), 0);
      Backpropagation.run(loss);
      comparison.compare("output.logits", logits, golden.read("output.logits"), tolerance);
      comparison.compare(
          "output.loss", loss.view(1), golden.read("output.loss").view(1), tolerance);
    } else {
      Backpropagation.run(logits, golden.read("weight.out"));
      comparison.compare("output", logits, golden.read("output"), tolerance);
    }
    gradients(golden, parameters, comparison);
    compareStored(golden, "grad.input.x", x.grad(), tolerance, comparison);
  }

  private static void gradients(
      Golden golden, Map<String, Tensor> parameters, Comparison comparison) {
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    parameters.forEach((name, parameter) -> {
      if (golden.has("grad." + name)) {
        compareStored(golden, "grad." + name, parameter.grad(), tolerance, comparison);
      }
    });
  }

  private static void compareStored(
      Golden golden, String name, Tensor actual, double tolerance, Comparison comparison) {
    double stored = golden.isRounded(name) ? Math.max(tolerance, STORED_AS_FLOAT32) : tolerance;
    comparison.compare(name, actual, golden.read(name), stored);
  }

  private static void trainingSteps(
      Golden golden,
      ImageModel model,
      SequencedMap<String, Tensor> parameters,
      Comparison comparison) {
    JsonNode given = golden.config().path("optimizer");
    var spec =
        new AdamW.Spec(
            given.path("lr").asDouble(),
            given.path("weight_decay").asDouble(),
            given.path("betas").path(0).asDouble(),
            given.path("betas").path(1).asDouble(),
            given.path("eps").asDouble());
    Optimizer optimizer = spec.build(ParameterGroup.single(parameters, spec.weightDecay()));
    Tensor x = Backpropagation.leaf(golden.read("input.x"), comparison.dtype());
    Tensor target = golden.readIntegers("input.target");
    double tolerance = comparison.tolerance(AFTER_STEPS_64, AFTER_STEPS_32);
    for (int step = 1; step <= STEPS; step++) {
      Tensor loss = Losses.crossEntropy(model.forward(x, Pass.evaluation()), target, 0);
      Backpropagation.run(loss);
      comparison.compare(
          "loss.step" + step,
          loss.view(1),
          golden.read("output.loss.step" + step).view(1),
          tolerance);
      if (step == 1) {
        gradients(golden, parameters, comparison);
      }
      optimizer.step(spec.lr());
      StateDict.clearGradients(parameters);
    }
    parameters.forEach(
        (name, parameter) -> afterSteps(golden, name, parameter, spec.lr(), tolerance, comparison));
  }

  /**
   * Softmax does not see a bias of the keys: its gradient is rounding noise, which Adam scales up
   * to steps of the learning rate. In float32 the keys' third of the bias is therefore held to the
   * distance that Adam can move it, not to its recording.
   */
  private static void afterSteps(
      Golden golden,
      String name,
      Tensor parameter,
      double lr,
      double tolerance,
      Comparison comparison) {
    Tensor recorded = golden.read("after3." + name);
    if (comparison.dtype() == DType.FLOAT64 || !name.endsWith("attn.qkv.bias")) {
      comparison.compare("after3." + name, parameter, recorded, tolerance);
      return;
    }
    long width = recorded.size(0) / 3;
    for (long part = 0; part < 3; part++) {
      Tensor actual = parameter.narrow(0, part * width, width);
      Tensor expected = recorded.narrow(0, part * width, width);
      if (part == 1) {
        comparison.compareAbsolutely("after3." + name + " (keys)", actual, expected, STEPS * lr);
      } else {
        comparison.compare("after3." + name, actual, expected, tolerance);
      }
    }
  }

  /** Names, shapes, counts and decay groups of the registered models. */
  private static void layouts(Golden golden, Comparison comparison) {
    for (Map.Entry<String, JsonNode> entry : golden.config().path("models").properties()) {
      String name = entry.getKey();
      Model model = Model.Spec.named(name).build(Context.cpu(0).withDevice(Device.META));
      SequencedMap<String, Tensor> parameters = StateDict.of(model);
      JsonNode recorded = entry.getValue();
      Map<String, Object> shapes = new TreeMap<>();
      recorded
          .path("state_dict")
          .properties()
          .forEach(tensor ->
              shapes.put(
                  tensor.getKey(), tensor.getValue().valueStream().map(JsonNode::asLong).toList()));
      comparison.same(name, new TreeMap<>(shapes(firstBlock(parameters))), shapes);
      comparison.same(name + " blocks", blocks(parameters), recorded.path("blocks").asInt());
      List<ParameterGroup> groups = ParameterGroup.split(parameters, 1, model.noWeightDecay());
      comparison.same(name + " no_decay", names(groups.get(0)), sorted(recorded.path("no_decay")));
      comparison.same(name + " decay", names(groups.get(1)), sorted(recorded.path("decay")));
      long count = golden.readIntegers("output.num_params." + name).item_long();
      comparison.same(name + " num_params", StateDict.parameterCount(model), count);
    }
  }

  private static Map<String, Object> shapes(Map<String, Tensor> tensors) {
    Map<String, Object> shapes = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> shapes.put(name, Arrays.stream(tensor.shape()).boxed().toList()));
    return shapes;
  }

  /** Block 0 stands for all blocks in the recording. */
  private static boolean isInLaterBlock(String name) {
    return name.startsWith("blocks.") && !name.startsWith("blocks.0.");
  }

  private static Map<String, Tensor> firstBlock(Map<String, Tensor> all) {
    Map<String, Tensor> kept = new LinkedHashMap<>(all);
    kept.keySet().removeIf(VisionTransformerParity::isInLaterBlock);
    return kept;
  }

  private static int blocks(Map<String, Tensor> parameters) {
    return (int)
        parameters.keySet().stream().filter(name -> name.endsWith(".norm1.weight")).count();
  }

  private static List<String> names(ParameterGroup group) {
    return group.parameters().keySet().stream()
        .filter(name -> !isInLaterBlock(name))
        .sorted()
        .toList();
  }

  private static List<String> sorted(JsonNode names) {
    return names.valueStream().map(JsonNode::asString).sorted().toList();
  }
}
