package org.kat4j.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;

/**
 * Models in files.
 *
 * <p>Written are safetensors, alone or in the folder layout of hubs; read is also what timm and KAT
 * publish (see {@link WeightsFile}). The spec travels in the metadata under {@code kat4j.model}, so
 * that a weights file alone rebuilds its model. Tensors have timm's names; further tensors
 * (optimizer state in checkpoints) may lie beside them under a prefix with a slash.
 */
public final class Weights {
  /** Metadata key of the spec, as JSON. */
  public static final String MODEL = TensorFile.MODEL;

  /** What else a run's checkpoints say; none of it is of the model itself. */
  public static final Set<String> OF_RUNS =
      Set.of(
          MODEL, "kat4j.position", "kat4j.config", "kat4j.data", "kat4j.images", "kat4j.checksum");

  /** What the model was trained for; missing in older files, which classify images. */
  public static final String TASK = "kat4j.task";

  /** Metadata key of the {@link ClassNames}, in the order of the logits. */
  public static final String CLASSES = "kat4j.classes";

  /** Metadata key of the mean of each channel, of pixels from 0 to 1, with commas. */
  public static final String MEAN = "kat4j.mean";

  /** Metadata key of the standard deviation of each channel, with commas. */
  public static final String DEVIATION = "kat4j.std";

  /** Metadata key of the share of a resized image's side that is cut out of its middle. */
  public static final String CROP_PCT = "kat4j.crop_pct";

  /** Metadata key of the filter of that resizing, in Pillow's terms and lower case. */
  public static final String INTERPOLATION = "kat4j.interpolation";

  /** Metadata key of whether JPEGs are turned as their EXIF orientation says, true or false. */
  public static final String UPRIGHT = "kat4j.upright";

  /** Metadata key of the architecture of transformers that the weights came as. */
  public static final String ARCHITECTURE = "kat4j.architecture";

  /** Metadata key of the kind of tensors, which readers of the Python library expect. */
  public static final String FORMAT = "format";

  /** The only kind there is here. */
  public static final String PYTORCH = "pt";

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
    all.put(FORMAT, PYTORCH);
    all.put(MODEL, Config.toJson((Record) model.spec()));
    Safetensors.write(file, tensors, all);
  }

  /**
   * Writes a model to where its form is that of the name: a file {@code *.safetensors}, else a
   * folder in the layout of model hubs. Nothing that is there is overwritten.
   */
  public static void export(Path out, Model model, Map<String, String> metadata) {
    checkExport(out, model.spec());
    if (isFile(out)) {
      save(out, model, metadata);
    } else {
      new HubFolder(out).write(model, metadata);
    }
  }

  /** What {@link #export} would refuse, before the work. */
  public static void checkExport(Path out, Model.Spec spec) {
    if (!isFile(out)) {
      new HubFolder(out).checkFree(spec);
    } else if (Files.exists(out)) {
      throw new UserException(out + " exists: choose another name");
    }
  }

  /**
   * The name of an architecture of transformers that is such a model.
   *
   * @throws UserException where there is none of this name, or it is another
   */
  public static String checkedArchitecture(String name, Model.Spec spec) {
    boolean fits =
        switch (HubArchitecture.named(name)) {
          case HubImage images ->
              spec instanceof VisionTransformer.Spec vit
                  && HubImageConfig.of(images, vit, List.of()).isPresent();
          case HubLanguage language ->
              spec instanceof CausalTransformer.Spec causal
                  && HubLanguageConfig.of(causal).architecture() == language;
        };
    if (!fits) {
      throw new UserException("this model is no " + name + ": leave --architecture out");
    }
    return name;
  }

  private static boolean isFile(Path out) {
    return out.toString().endsWith(".safetensors");
  }

  /** Builds the model that a file or hub folder describes and loads its weights. */
  public static Model load(Path path, Context context) {
    try (WeightsFile weights = WeightsFile.open(path)) {
      return load(weights, context);
    }
  }

  /** Builds the model of opened weights and loads them. */
  public static Model load(WeightsFile weights, Context context) {
    Path file = weights.path();
    Model.Spec spec = weights.spec();
    try {
      // Without memory first: shapes are compared before there is anything to fill.
      try (Model shapes = spec.build(context.withDevice(Device.META))) {
        checkShapes(weights.tensors(), file, shapes);
      }
      Model model = spec.build(context.forOverwriting());
      try {
        copy(weights.tensors(), file, model);
        return model;
      } catch (RuntimeException failure) {
        model.close();
        throw failure;
      }
    } catch (IllegalArgumentException unfit) {
      throw new UserException(file + ": " + unfit.getMessage(), unfit);
    }
  }

  /** Loads weights by name into a model that is there; positions of another grid are resampled. */
  public static void loadInto(Path file, Model model) {
    try (TensorFile weights = TensorFile.open(file)) {
      copy(weights, file, model);
    }
  }

  private static void checkShapes(TensorFile weights, Path file, Model model) {
    SequencedMap<String, Tensor> targets = StateDict.of(model);
    checkNames(weights, file, targets);
    targets.forEach((name, target) -> {
      long[] stored = weights.shape(name);
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

  private static void copy(TensorFile weights, Path file, Model model) {
    SequencedMap<String, Tensor> targets = StateDict.of(model);
    checkNames(weights, file, targets);
    try (Scope _ = Scope.open()) {
      targets.forEach((name, target) -> copy(weights, name, target, model));
    }
  }

  private static void checkNames(
      TensorFile weights, Path file, SequencedMap<String, Tensor> targets) {
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

  private static void copy(TensorFile weights, String name, Tensor target, Model model) {
    if (Transfer.isOtherGrid(name, weights.shape(name), target)) {
      Transfer.resample(weights, target, model);
      return;
    }
    SoundCopy.into(target, weights, name);
  }
}
