package org.kat4j.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Normalization;
import org.kat4j.error.UserException;
import org.kat4j.hub.Hub;
import org.kat4j.hub.HubAddress;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.model.Weights;
import org.kat4j.model.WeightsFile;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.image.InputDescription;
import org.kat4j.task.language.TextWriter;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Precision;
import org.kat4j.train.RunFolder;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which trained model is meant. */
final class WeightsOptions {
  @Option(
      names = "--run",
      paramLabel = "DIR",
      description = "Folder of a run; its last weights are used.")
  private @Nullable Path run;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description =
          "A .safetensors file, a PyTorch checkpoint (.pth), a folder with config.json and model.safetensors, or hub:OWNER/NAME.")
  private @Nullable String weights;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "What the weights belong to, where they do not say it: kat_tiny_patch16_224.")
  private @Nullable String model;

  @Option(
      names = "--take",
      paramLabel = "NAME",
      defaultValue = "",
      description =
          "Dictionary of a PyTorch checkpoint: state_dict, model_state_dict, teacher, ...; default: the moving average where there is one.")
  private String take = "";

  @Mixin private final DeviceOption device = new DeviceOption();

  /** The run folder, where one was named. */
  @Nullable RunFolder run() {
    return run == null ? null : RunFolder.open(run);
  }

  /** The opened weights. */
  WeightsFile open() {
    if (run != null && weights == null) {
      return WeightsFile.open(RunFolder.open(run).weights(), model, take);
    }
    if (run == null && weights != null) {
      return WeightsFile.open(located(weights), model, take);
    }
    throw new UserException("name the model by --run DIR or by --weights FILE, one of them");
  }

  /** A path as it is; what lies on a hub is fetched. */
  static Path located(String weights) {
    return HubAddress.isOne(weights)
        ? Hub.standard().fetch(HubAddress.parse(weights))
        : Path.of(weights);
  }

  Model load() {
    try (WeightsFile opened = open()) {
      return loaded(opened);
    }
  }

  /** What had to be assumed is said once it is known that the weights are good for something. */
  private Model loaded(WeightsFile opened) {
    Model model = Weights.load(opened, context());
    opened.assumption().ifPresent(text -> System.err.println("kat4j: " + text));
    return model;
  }

  /** How the model's pictures are brought to the size of its input. */
  EvaluationTransform transform() {
    try (WeightsFile opened = open()) {
      return transform(opened);
    }
  }

  /** How the pixels of the model's inputs are normalised, where its weights say it. */
  Optional<Normalization> normalization() {
    try (WeightsFile opened = open()) {
      return InputDescription.normalization(opened.metadata(), opened.path().toString());
    }
  }

  private static EvaluationTransform transform(WeightsFile opened) {
    try {
      return InputDescription.transform(opened.metadata());
    } catch (IllegalArgumentException broken) {
      throw new UserException(opened.path() + ": metadata: " + broken.getMessage(), broken);
    }
  }

  /** Where the model computes. */
  Device device() {
    return device.device();
  }

  /** The model and what its inputs and outputs mean. */
  Classifier classifier(Precision precision) {
    try (WeightsFile opened = open()) {
      requireImages(opened);
      InputDescription input =
          InputDescription.fromMetadata(opened.metadata(), opened.path().toString());
      return new Classifier(loaded(opened), input, precision);
    }
  }

  /** Whoever asks a model of another kind for the class of an image learns what to ask it for. */
  private static void requireImages(WeightsFile opened) {
    String advice =
        switch (opened.spec().signature()) {
          case Signature.Images _ -> "";
          case Signature.Tokens _ ->
              "a model of texts, not of images: kat4j generate lets it write, kat4j serve answers with texts, kat4j eval --run measures it";
          case Signature.Rows _ ->
              "a model of rows, not of images: kat4j eval --run measures it, kat4j report shows it";
        };
    if (!advice.isEmpty()) {
      throw new UserException(opened.path() + ": " + advice);
    }
  }

  /** Whether the weights are those of a model of texts. */
  boolean areOfTexts() {
    try (WeightsFile opened = open()) {
      return opened.spec().signature() instanceof Signature.Tokens;
    }
  }

  /** The language model and its tokenizer, in the precision that is asked for, weights and all. */
  TextWriter writer(Precision precision) {
    try (WeightsFile opened = open()) {
      return TextWriter.of(opened, context().withDType(precision.storage()));
    }
  }

  /** The same; where neither a run nor weights are named, a fresh model without meaning. */
  Classifier classifierOrFresh(String name, Precision precision) {
    if (run != null || weights != null) {
      return classifier(precision);
    }
    ImageModel fresh =
        ImageModel.Spec.named(model == null ? name : model).build(context().forOverwriting());
    Signature.Images shape = fresh.spec().signature();
    float[] half = new float[shape.channels()];
    Arrays.fill(half, .5f);
    List<String> classes = IntStream.range(0, shape.outputs()).mapToObj(Integer::toString).toList();
    InputDescription input = new InputDescription(classes, new Normalization(half, half));
    return new Classifier(fresh, input, precision);
  }

  /** How the model is built. */
  Context context() {
    return Context.cpu(0).withDevice(device());
  }
}
