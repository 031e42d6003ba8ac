package org.kat4j.parity;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Ema;
import org.kat4j.optim.Lamb;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.optim.Sgd;
import org.kat4j.torch.Backpropagation;
import tools.jackson.databind.JsonNode;

/**
 * Optimizers on fixed gradients, with and without decay of the biases, and the moving average of
 * weights.
 */
public final class OptimizerParity implements ParityAdapter {
  private static final int STEPS = 5;

  @Override
  public boolean covers(Golden golden) {
    return golden.config().has("runs") && golden.config().has("classes");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    for (Map.Entry<String, JsonNode> run : golden.config().path("runs").properties()) {
      String cls = golden.config().path("classes").path(run.getKey()).asString();
      Optimizer.Spec spec = spec(cls, run.getValue());
      steps(golden, run.getKey(), spec, false, comparison);
      steps(golden, run.getKey() + ".nodecay_bias", spec, true, comparison);
    }
    movingAverage(golden, comparison);
  }

  private static Optimizer.Spec spec(String cls, JsonNode given) {
    double lr = given.path("lr").asDouble();
    double decay = given.path("weight_decay").asDouble(0);
    double beta1 = given.path("betas").path(0).asDouble(0.9);
    double beta2 = given.path("betas").path(1).asDouble(0.999);
    String name = cls.substring(cls.lastIndexOf('.') + 1);
    return switch (name) {
      case "AdamW", "AdamWLegacy" ->
          new AdamW.Spec(lr, decay, beta1, beta2, given.path("eps").asDouble(1e-8));
      case "Lamb" ->
          new Lamb.Spec(
              lr,
              decay,
              beta1,
              beta2,
              given.path("eps").asDouble(1e-6),
              given.path("max_grad_norm").isNull() ? 0 : given.path("max_grad_norm").asDouble(1),
              given.path("trust_clip").asBoolean(false),
              given.path("always_adapt").asBoolean(false));
      case "SGD" ->
          new Sgd.Spec(
              lr,
              decay,
              given.path("momentum").asDouble(0),
              given.path("nesterov").asBoolean(false));
      default -> throw new IllegalArgumentException("optimizer " + cls + " is not built yet");
    };
  }

  private static void steps(
      Golden golden, String run, Optimizer.Spec spec, boolean keepBiases, Comparison comparison) {
    SequencedMap<String, Tensor> parameters = new LinkedHashMap<>();
    golden
        .under("param.")
        .forEach(
            (name, start) -> parameters.put(name, Backpropagation.leaf(start, comparison.dtype())));
    List<ParameterGroup> groups =
        keepBiases
            ? ParameterGroup.split(parameters, spec.weightDecay(), Set.of())
            : ParameterGroup.single(parameters, spec.weightDecay());
    Optimizer optimizer = spec.build(groups);
    for (int step = 1; step <= STEPS; step++) {
      for (Map.Entry<String, Tensor> parameter : parameters.entrySet()) {
        Backpropagation.setGradient(
            parameter.getValue(), golden.read("input.grad.step" + step + "." + parameter.getKey()));
      }
      optimizer.step(spec.lr());
      for (Map.Entry<String, Tensor> parameter : parameters.entrySet()) {
        String name = "output." + run + ".step" + step + "." + parameter.getKey();
        if (golden.has(name)) {
          comparison.compare(
              name, parameter.getValue(), golden.read(name), comparison.tolerance(1e-11, 1e-5));
        }
      }
    }
  }

  private static void movingAverage(Golden golden, Comparison comparison) {
    double decay = golden.config().path("ema").path("decay").asDouble();
    Ema ema = Ema.of(weights(golden.read("ema.init.weight"), comparison));
    for (int update = 1; golden.has("ema.model" + update + ".weight"); update++) {
      ema.update(weights(golden.read("ema.model" + update + ".weight"), comparison), decay);
      String name = "output.ema" + update + ".weight";
      comparison.compare(
          name,
          Objects.requireNonNull(ema.averages().get("weight")),
          golden.read(name),
          comparison.tolerance(1e-11, 1e-5));
    }
  }

  private static SequencedMap<String, Tensor> weights(Tensor weight, Comparison comparison) {
    SequencedMap<String, Tensor> weights = new LinkedHashMap<>();
    weights.put("weight", Backpropagation.leaf(weight, comparison.dtype()));
    return weights;
  }
}
