package org.kat4j.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.function.GroupRational;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.Place;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A folder as model hubs have it: {@code config.json} with the keys of timm or transformers beside
 * {@code model.safetensors}.
 *
 * @param path the folder
 */
record HubFolder(Path path) {
  private static final String CONFIG = "config.json";
  private static final String PREPROCESSING = "preprocessor_config.json";

  /** One file, or the index of several. */
  private static final List<String> WEIGHTS =
      List.of(
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

  private static final int MOST_CLASSES = 1_000_000;

  /** The folder that a file is the weights of, by its name and the description beside it. */
  static Optional<HubFolder> around(Path file) {
    Path parent = file.getParent() == null ? Path.of(".") : file.getParent();
    HubFolder folder = new HubFolder(parent);
    boolean weights = file.getFileName() != null && WEIGHTS.contains(file.getFileName().toString());
    return weights && Files.isRegularFile(file) && folder.hasConfig()
        ? Optional.of(folder)
        : Optional.empty();
  }

  /** The file of the weights. */
  Path weights() {
    return WEIGHTS.stream()
        .map(path::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(() ->
            new UserException(
                path + ": there is neither " + String.join(" nor ", WEIGHTS) + " in this folder"));
  }

  boolean hasConfig() {
    return Files.isRegularFile(path.resolve(CONFIG));
  }

  /**
   * A model of transformers, and what it is here.
   *
   * @param metadata what is known of its inputs and classes
   */
  record Published(HubArchitecture architecture, Model.Spec spec, Map<String, String> metadata) {}

  /**
   * The model of transformers that {@code config.json} describes; empty where it is of timm's kind.
   *
   * @throws UserException where it is of neither
   */
  Optional<Published> published() {
    Path file = path.resolve(CONFIG);
    ObjectNode config = Config.readTree(file);
    if (config.has("architecture")) {
      return Optional.empty();
    }
    try {
      return HubArchitecture.of(config)
          .map(architecture ->
              switch (architecture) {
                case HubLanguage language ->
                    new Published(
                        language, language.spec(config), Map.of(Weights.TASK, "language"));
                case HubImage image -> image(image, config);
              });
    } catch (UserException unfit) {
      throw new UserException(file + ": " + unfit.getMessage(), unfit);
    }
  }

  private Published image(HubImage architecture, ObjectNode config) {
    VisionTransformer.Spec described = architecture.spec(config);
    TimmArchitecture.Preprocessing usual = HubPreprocessing.usual(architecture);
    Path beside = path.resolve(PREPROCESSING);
    boolean known = Files.isRegularFile(beside);
    TimmArchitecture.Preprocessing images =
        known ? HubPreprocessing.in(beside, file -> file.read(usual)) : usual;
    OptionalInt side =
        known ? HubPreprocessing.in(beside, HubPreprocessing::side) : OptionalInt.empty();
    VisionTransformer.Spec spec = architecture.fitted(described, side);
    Map<String, String> metadata =
        new Description(JsonNodeFactory.instance.objectNode(), images, HubImage.labels(config))
            .metadata(spec.classes(), spec.channels());
    metadata.put(Weights.ARCHITECTURE, architecture.architecture());
    return new Published(architecture, spec, metadata);
  }

  /** What {@code config.json} says. */
  Description read() {
    Path file = path.resolve(CONFIG);
    ObjectNode config = Config.readTree(file);
    String name = config.path("architecture").asString("");
    try {
      return description(config, TimmArchitecture.named(name));
    } catch (UserException unknown) {
      throw new UserException(file + ": " + unknown.getMessage(), unknown);
    }
  }

  private static Description description(ObjectNode config, TimmArchitecture architecture) {
    ObjectNode arguments = architecture.arguments();
    if (config.path("global_pool").isString()) {
      arguments.set("global_pool", config.get("global_pool"));
    }
    if (config.path("model_args") instanceof ObjectNode further) {
      if (further.has("num_heads")) {
        arguments.remove("embed_dim"); // the name's, which the heads of another width overrule
      }
      arguments.setAll(further);
    }
    JsonNode images = config.path("pretrained_cfg");
    JsonNode size = images.path("input_size"); // [channels, height, width]
    if (!arguments.has("img_size") && size.size() == 3 && size.get(1).isInt()) {
      arguments.put("img_size", size.get(1).intValue());
    }
    String mode = images.path("crop_mode").asString("center");
    if (!mode.equals("center")) {
      throw new UserException(
          "pretrained_cfg.crop_mode = " + mode + ": center is the one that is built");
    }
    var usual = architecture.preprocessing();
    var preprocessing =
        new TimmArchitecture.Preprocessing(
            numbers(images.path("mean"), usual.mean()),
            numbers(images.path("std"), usual.deviation()),
            images.path("crop_pct").asDouble(usual.crop()),
            interpolation(images.path("interpolation").asString(usual.interpolation())));
    List<String> labels = texts(images.path("label_names"));
    return new Description(
        arguments, preprocessing, labels.isEmpty() ? texts(config.path("label_names")) : labels);
  }

  /** timm's training draws one of these at random; its evaluation takes the last. */
  private static String interpolation(String name) {
    return name.equals("random") ? "bicubic" : name;
  }

  private static List<Double> numbers(JsonNode node, List<Double> otherwise) {
    List<Double> numbers = node.valueStream().map(number -> number.asDouble(Double.NaN)).toList();
    return numbers.isEmpty() ? otherwise : numbers;
  }

  private static List<String> texts(JsonNode node) {
    return node.isArray() && node.size() <= MOST_CLASSES
        ? node.valueStream().map(text -> text.asString("")).toList()
        : List.of();
  }

  /** That nothing is overwritten, and that a layout knows such a model. */
  void checkFree(Model.Spec spec) {
    switch (spec) {
      case CausalTransformer.Spec language -> {
        HubLanguageConfig.Written _ = HubLanguageConfig.of(language);
      }
      case VisionTransformer.Spec images -> {
        if (HubImageConfig.of(images, List.of()).isEmpty()) {
          TimmArguments.of(images);
        }
      }
      default ->
          throw new UserException("only vision transformers and language models have a hub layout");
    }
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new UserException(
          path + " exists and is no folder: choose another name, or one that ends in .safetensors");
    }
    if (Files.isDirectory(path)) {
      try (Stream<Path> content = Files.list(path)) {
        if (content.findAny().isPresent()) {
          throw new UserException(path + " is not empty: choose another folder");
        }
      } catch (IOException e) {
        throw new UserException("folder " + path + " cannot be read: " + AtomicFile.reason(e), e);
      }
    }
  }

  /** Writes the folder of a model; the weights first, so that a folder with a config is whole. */
  void write(Model model, Map<String, String> metadata) {
    checkFree(model.spec());
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new UserException("folder " + path + " cannot be made: " + AtomicFile.reason(e), e);
    }
    switch (model) {
      case CausalTransformer language -> {
        HubLanguageConfig.Written written = HubLanguageConfig.of(language.spec());
        write(language, written.architecture(), written.config());
      }
      case VisionTransformer images -> write(images, metadata);
      default -> throw new IllegalStateException("checked before");
    }
  }

  /** In transformers' layout where the weights came so or timm has none, else in timm's. */
  private void write(VisionTransformer model, Map<String, String> metadata) {
    VisionTransformer.Spec spec = model.spec();
    List<String> labels =
        metadata.containsKey(Weights.CLASSES)
            ? ClassNames.fromText(metadata.get(Weights.CLASSES))
            : List.of();
    String came = metadata.getOrDefault(Weights.ARCHITECTURE, "");
    Optional<HubImageConfig.Written> written =
        Stream.of(HubImage.values())
            .filter(one -> one.architecture().equals(came))
            .findFirst()
            .flatMap(one -> HubImageConfig.of(one, spec, labels));
    if (written.isEmpty() && !TimmArguments.knows(spec)) {
      written = HubImageConfig.of(spec, labels);
    }
    if (written.isPresent()) {
      ObjectNode images = HubPreprocessing.of(preprocessing(metadata), spec.imageSize());
      AtomicFile.write(path.resolve(PREPROCESSING), images.toPrettyString() + "\n");
      write(model, written.get().architecture(), written.get().config());
      return;
    }
    Weights.save(path.resolve(WEIGHTS.getFirst()), model, metadata);
    AtomicFile.write(path.resolve(CONFIG), config(spec, metadata).toPrettyString() + "\n");
  }

  private static TimmArchitecture.Preprocessing preprocessing(Map<String, String> metadata) {
    return new TimmArchitecture.Preprocessing(
        numbers(metadata.getOrDefault(Weights.MEAN, "0.5")),
        numbers(metadata.getOrDefault(Weights.DEVIATION, "0.5")),
        Double.parseDouble(metadata.getOrDefault(Weights.CROP_PCT, "1")),
        metadata.getOrDefault(Weights.INTERPOLATION, "bicubic"));
  }

  private static List<Double> numbers(String list) {
    return Stream.of(list.split(",", -1)).map(Double::valueOf).toList();
  }

  /** Names and layout are those of transformers, so our own description stays out. */
  private void write(Model model, HubArchitecture architecture, ObjectNode config) {
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> ours = new LinkedHashMap<>();
      StateDict.of(model).forEach((name, tensor) -> ours.put(name, tensor.detach()));
      SequencedMap<String, Tensor> theirs = Place.stored(architecture.places(model.spec()), ours);
      architecture.addUnused(theirs, model.spec());
      Safetensors.write(
          path.resolve(WEIGHTS.getFirst()), theirs, Map.of(Weights.FORMAT, Weights.PYTORCH));
    }
    AtomicFile.write(path.resolve(CONFIG), config.toPrettyString() + "\n");
  }

  private static ObjectNode config(VisionTransformer.Spec spec, Map<String, String> metadata) {
    String family = "vit";
    if (spec.channelMixer() instanceof GroupRationalMlp.Spec kat) {
      family = kat.rational().naming() == GroupRational.Naming.KAT ? "kat" : "flash_kat";
    }
    ObjectNode arguments = TimmArguments.of(spec);
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("architecture", TimmArchitecture.nameOf(spec, family));
    config.put("num_classes", spec.classes());
    config.put("num_features", spec.width());
    config.set("global_pool", arguments.get("global_pool"));
    config.set("model_args", arguments);
    ObjectNode images = config.putObject("pretrained_cfg");
    ArrayNode size = images.putArray("input_size");
    size.add(spec.channels()).add(spec.imageSize()).add(spec.imageSize());
    images.put("fixed_input_size", true);
    images.put("interpolation", metadata.getOrDefault(Weights.INTERPOLATION, "bicubic"));
    images.put("crop_mode", "center");
    images.put("num_classes", spec.classes());
    images.put("first_conv", "patch_embed.proj");
    images.put("classifier", "head");
    putNumbers(images, "mean", metadata.get(Weights.MEAN));
    putNumbers(images, "std", metadata.get(Weights.DEVIATION));
    if (metadata.containsKey(Weights.CROP_PCT)) {
      images.put("crop_pct", Double.parseDouble(metadata.get(Weights.CROP_PCT)));
    }
    if (metadata.containsKey(Weights.CLASSES)) {
      ArrayNode labels = images.putArray("label_names");
      ClassNames.fromText(metadata.get(Weights.CLASSES)).forEach(labels::add);
    }
    return config;
  }

  private static void putNumbers(ObjectNode node, String key, @Nullable String list) {
    if (list != null) {
      ArrayNode numbers = node.putArray(key);
      numbers(list).forEach(numbers::add);
    }
  }

  /**
   * A model and its inputs in timm's terms.
   *
   * @param arguments constructor arguments
   * @param preprocessing how images become inputs
   * @param labels names of the classes, empty where they are not given
   */
  record Description(
      ObjectNode arguments, TimmArchitecture.Preprocessing preprocessing, List<String> labels) {

    /** The same of a name alone. */
    static Description named(String name) {
      TimmArchitecture architecture = TimmArchitecture.named(name);
      return new Description(architecture.arguments(), architecture.preprocessing(), List.of());
    }

    /** What tensors alone let expect. */
    static Description ofTensors(VisionTransformer.Spec spec) {
      return new Description(
          JsonNodeFactory.instance.objectNode(), TimmArchitecture.preprocessing(spec), List.of());
    }

    /** Entries for the metadata of a model of this many classes and channels. */
    Map<String, String> metadata(int classes, int channels) {
      Map<String, String> metadata = new LinkedHashMap<>();
      List<String> names = labels;
      if (names.size() != classes) {
        names = new ArrayList<>();
        for (int i = 0; i < classes; i++) {
          names.add(Integer.toString(i));
        }
      }
      metadata.put(Weights.CLASSES, ClassNames.toText(names));
      metadata.put(Weights.MEAN, list(preprocessing.mean(), channels));
      metadata.put(Weights.DEVIATION, list(preprocessing.deviation(), channels));
      metadata.put(Weights.CROP_PCT, Double.toString(preprocessing.crop()));
      metadata.put(Weights.INTERPOLATION, preprocessing.interpolation());
      return metadata;
    }

    /** One number for each channel: three as they are, otherwise their mean. */
    private static String list(List<Double> numbers, int channels) {
      double mean = numbers.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < channels; i++) {
        double number = numbers.size() == channels ? numbers.get(i) : mean;
        texts.add(Float.toString((float) number));
      }
      return String.join(",", texts);
    }
  }
}
