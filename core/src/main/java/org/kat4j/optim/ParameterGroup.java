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
  private static final Pattern STEM = Pattern.compile("(?:cls_token|pos_embed|patch_embed).*");

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
   * i). Patches, positions and class token are layer 0, block or stage i is layer i + 1, and names
   * that begin with {@code norm} belong to the last block; everything else is layer L: the head,
   * its norm {@code fc_norm}, registers. Source: timm's {@code param_groups_layer_decay} and the
   * {@code group_matcher} of its vision transformer.
   *
   * @param parameters all of a model, since what is frozen counts as a layer too
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
    int blocks = parameters.keySet().stream().mapToInt(ParameterGroup::block).max().orElse(0);
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

  /** The number of the block that a tensor stands in, from 1; 0 outside of blocks. */
  private static int block(String name) {
    Matcher block = BLOCK.matcher(name);
    return block.matches() ? Integer.parseInt(block.group(1)) + 1 : 0;
  }

  /** The layer of a tensor in a model of so many blocks, by its name. */
  private static int layer(String name, int blocks) {
    if (STEM.matcher(name).matches()) {
      return 0;
    }
    int block = block(name);
    if (block > 0) {
      return block;
    }
    return name.startsWith("norm") ? blocks : blocks + 1;
  }

  /** The groups without other parameters than the named ones. */
  public static List<ParameterGroup> only(List<ParameterGroup> groups, Set<String> names) {
    return groups.stream()
        .map(group -> {
          SequencedMap<String, Tensor> kept = new LinkedHashMap<>(group.parameters);
          kept.keySet().retainAll(names);
          return new ParameterGroup(kept, group.weightDecay, group.lrScale);
        })
        .filter(group -> !group.parameters.isEmpty())
        .toList();
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
