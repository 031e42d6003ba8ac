package org.kat4j.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/**
 * Parameters that share their weight decay and learning rate.
 *
 * @param parameters trainable tensors by state-dict name
 * @param weightDecay the decay
 * @param lrScale factor of the learning rate
 */
public record ParameterGroup(
    SequencedMap<String, Tensor> parameters, double weightDecay, double lrScale) {

  /** Parameters that move with the learning rate as it is. */
  public ParameterGroup(SequencedMap<String, Tensor> parameters, double weightDecay) {
    this(parameters, weightDecay, 1);
  }

  /** All parameters in one group. */
  public static List<ParameterGroup> single(
      SequencedMap<String, Tensor> parameters, double weightDecay) {
    return List.of(new ParameterGroup(parameters, weightDecay));
  }

  /**
   * timm's two groups, the one without decay first: vectors, biases and the named exceptions do not
   * decay. Rational coefficients are matrices, so they do.
   */
  public static List<ParameterGroup> split(
      Map<String, Tensor> parameters, double weightDecay, Set<String> exceptions) {
    SequencedMap<String, Tensor> kept = new LinkedHashMap<>();
    SequencedMap<String, Tensor> decayed = new LinkedHashMap<>();
    parameters.forEach((name, tensor) -> {
      boolean keep = tensor.dim() <= 1 || name.endsWith(".bias") || exceptions.contains(name);
      (keep ? kept : decayed).put(name, tensor);
    });
    return List.of(new ParameterGroup(kept, 0), new ParameterGroup(decayed, weightDecay));
  }

  /** The groups split further by a factor of the learning rate for each name. */
  public static List<ParameterGroup> scaled(
      List<ParameterGroup> groups, ToDoubleFunction<String> scale) {
    List<ParameterGroup> all = new ArrayList<>();
    for (ParameterGroup group : groups) {
      SequencedMap<Double, SequencedMap<String, Tensor>> byScale = new LinkedHashMap<>();
      group
          .parameters()
          .forEach((name, tensor) ->
              byScale
                  .computeIfAbsent(scale.applyAsDouble(name), _ -> new LinkedHashMap<>())
                  .put(name, tensor));
      byScale.forEach((factor, parameters) ->
          all.add(new ParameterGroup(parameters, group.weightDecay, group.lrScale * factor)));
    }
    return all;
  }
}
