package org.kat4j.model;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Models in safetensors files.
 *
 * <p>The spec travels in the metadata under {@code kat4j.model}, so that a weights file alone
 * rebuilds its model. Tensors have timm's names; further tensors (optimizer state in checkpoints)
 * may lie beside them under a prefix with a slash.
 */
public final class Weights {
  /** Metadata key of the spec, as JSON. */
  public static final String MODEL = "kat4j.model";

  private static final String POSITION = "pos_embed";

  private Weights() {}

  /** Writes a model with further metadata. */
  public static void save(Path file, Model model, Map<String, String> metadata) {
    save(file, model, Map.of(), metadata);
  }

  /** Writes a model, further tensors and further metadata. */
  public static void save(
      Path file, Model model, Map<String, Tensor> beside, Map<String, String> metadata) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>(StateDict.of(model));
    tensors.putAll(beside);
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put("format", "pt"); // what readers of the Python library expect
    all.put(MODEL, Config.toJson((Record) model.spec()));
    Safetensors.write(file, tensors, all);
  }

  /** Builds the model that a file written by {@link #save} describes and loads its weights. */
  public static Model load(Path file, Context context) {
    try (Safetensors weights = Safetensors.open(file)) {
      Model.Spec spec = spec(weights, file);
      // Without memory first: a description must not allocate more than its file holds.
      checkShapes(weights, file, spec.build(context.withDevice(Device.META)));
      Model model = spec.build(context);
      copy(weights, file, model);
      return model;
    } catch (IllegalArgumentException unfit) {
      throw new UserException(file + ": " + unfit.getMessage(), unfit);
    }
  }

  /** The spec in the metadata of a file. */
  public static Model.Spec spec(Safetensors weights, Path file) {
    String json = weights.metadata().get(MODEL);
    if (json == null) {
      throw new UserException(
          file
              + ": no model is described in this file (metadata '"
              + MODEL
              + "'); name one with --model, for example kat_tiny_patch16_224");
    }
    return Config.fromJson(json, Model.Spec.class, file.toString());
  }

  /** Loads weights by name into a model that is there; positions of another grid are resampled. */
  public static void loadInto(Path file, Model model) {
    try (Safetensors weights = Safetensors.open(file)) {
      copy(weights, file, model);
    }
  }

  private static void checkShapes(Safetensors weights, Path file, Model model) {
    SequencedMap<String, Tensor> targets = StateDict.of(model);
    checkNames(weights, file, targets);
    targets.forEach((name, target) -> {
      long[] stored = weights.entry(name).shape();
      if (!Arrays.equals(stored, target.shape())) {
        throw new UserException(
            file
                + ": tensor "
                + name
                + " has the shape "
                + Arrays.toString(stored)
                + ", the model described has "
                + Arrays.toString(target.shape()));
      }
    });
  }

  private static void copy(Safetensors weights, Path file, Model model) {
    SequencedMap<String, Tensor> targets = StateDict.of(model);
    checkNames(weights, file, targets);
    targets.forEach((name, target) -> copy(weights, file, name, target, model));
  }

  private static void checkNames(
      Safetensors weights, Path file, SequencedMap<String, Tensor> targets) {
    List<String> missing =
        targets.keySet().stream().filter(name -> !weights.contains(name)).toList();
    if (!missing.isEmpty()) {
      throw new UserException(
          file + ": " + named(missing) + " missing: these weights belong to another model");
    }
    List<String> unknown =
        weights.names().stream()
            .filter(name -> !name.contains("/") && !targets.containsKey(name))
            .toList();
    if (!unknown.isEmpty()) {
      throw new UserException(
          file
              + ": "
              + named(unknown)
              + " not in the model: these weights belong to another model");
    }
  }

  private static String named(List<String> names) {
    return names.size() == 1
        ? "tensor " + names.getFirst() + " is"
        : names.size() + " tensors, " + names.getFirst() + " first, are";
  }

  private static void copy(
      Safetensors weights, Path file, String name, Tensor target, Model model) {
    long[] stored = weights.entry(name).shape();
    boolean otherGrid =
        name.equals(POSITION)
            && stored.length == 3
            && stored[0] == 1
            && stored[1] != target.size(1)
            && stored[2] == target.size(2);
    if (otherGrid && model instanceof VisionTransformer vit) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        target.copy_(vit.resampled(weights.read(name)));
      } catch (IllegalArgumentException notAGrid) {
        throw new UserException(file + ": " + notAGrid.getMessage(), notAGrid);
      }
      return;
    }
    weights.copyInto(name, target);
  }
}
