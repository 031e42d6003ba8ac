package org.kat4j.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * Parameters that share their weight decay and their part of the learning rate.
 *
 * @param parameters trainable tensors by state-dict name
 * @param weightDecay the decay
 * @param lrScale factor of the learning rate
 */
public record ParameterGroup(
    SequencedMap<String, Tensor> parameters, double weightDecay, double lrScale) {
  private static final Pattern BLOCK = Pattern.compile("(?:blocks|stages)\\.(\\d+)\\..*");

  /** A group with the whole learning rate. */
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

  /**
   * The two groups of {@link #split}, taken apart once more by layer: layer i learns with lr d^(L -
   * i). Patches, positions and class token are layer 0, block or stage i is layer i + 1 and the
   * last norm belongs to the last block; the head is layer L. Source: timm's {@code
   * param_groups_layer_decay}.
   *
   * @param layerDecay d, above 0; 1 gives the two groups themselves
   */
  public static List<ParameterGroup> layered(
      Map<String, Tensor> parameters,
      double weightDecay,
      Set<String> exceptions,
      double layerDecay) {
    List<ParameterGroup> split = split(parameters, weightDecay, exceptions);
    if (layerDecay == 1) {
      return split;
    }
    int blocks = parameters.keySet().stream().mapToInt(name -> layer(name, 0)).max().orElse(0);
    List<ParameterGroup> layered = new ArrayList<>();
    for (ParameterGroup group : split) {
      SequencedMap<Integer, SequencedMap<String, Tensor>> layers = new TreeMap<>();
      group
          .parameters()
          .forEach((name, tensor) ->
              layers
                  .computeIfAbsent(layer(name, blocks), _ -> new LinkedHashMap<>())
                  .put(name, tensor));
      layers.forEach((layer, members) ->
          layered.add(
              new ParameterGroup(
                  members, group.weightDecay(), Math.pow(layerDecay, blocks + 1 - layer))));
    }
    return List.copyOf(layered);
  }

  /** The layer of a tensor in a model of so many blocks, by its name. */
  private static int layer(String name, int blocks) {
    Matcher block = BLOCK.matcher(name);
    if (block.matches()) {
      return Integer.parseInt(block.group(1)) + 1;
    }
    if (name.startsWith("norm.")) {
      return blocks;
    }
    return name.startsWith("head.") && blocks > 0 ? blocks + 1 : 0;
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
