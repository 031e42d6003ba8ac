package org.kat4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.NearestName;
import org.kat4j.error.UserException;
import org.kat4j.function.GroupRational.Naming;
import org.kat4j.model.Agreement;
import org.kat4j.model.ClassNames;
import org.kat4j.model.Collapse;
import org.kat4j.model.Conversion;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.Registered;
import org.kat4j.model.Signature;
import org.kat4j.model.Transfer;
import org.kat4j.model.Weights;
import org.kat4j.model.WeightsFile;
import org.kat4j.task.image.Classifier;
import org.kat4j.task.image.InputDescription;
import org.kat4j.torch.AtomicFile;
import org.kat4j.torch.Context;
import org.kat4j.train.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kat4j convert}. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    description = {
      "Brings weights into another form: published checkpoints to kat4j's, ViT to KAT, other names, classes or image size.",
      "Where the function should stay the same, both models run on the same images and the difference is printed."
    })
final class ConvertCommand implements Callable<Integer> {
  private static final int NOISE_IMAGES = 16;
  private static final Map<String, Naming> NAMINGS =
      Map.of("kat", Naming.KAT, "flash-kat", Naming.FLASH_KAT);

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description =
          "A run folder, a .safetensors file, a PyTorch checkpoint (.pth), a folder with config.json and model.safetensors, or hub:OWNER/NAME.")
  private String in = "";

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description =
          "A new .safetensors file, or a new folder: in the layout of model hubs, with --collapse in kat4j's own.")
  private Path out = Path.of("");

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "What the weights belong to, where they do not say it: vit_tiny_patch16_224.")
  private @Nullable String model;

  @Option(
      names = "--take",
      paramLabel = "NAME",
      defaultValue = "",
      description =
          "Dictionary of a PyTorch checkpoint: state_dict, state_dict_ema, model, ...; default: the moving average where there is one.")
  private String take = "";

  @Option(names = "--to-kat", description = "Make a KAT of a ViT that computes the same.")
  private boolean toKat;

  @Option(
      names = "--collapse",
      description =
          "Make one matrix of W_Q and W_K where attention has one head: the same function, fewer numbers.")
  private boolean collapse;

  @Option(
      names = "--naming",
      paramLabel = "NAME",
      description = "Names of the learnable functions' tensors: kat or flash-kat.")
  private @Nullable String naming;

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "Number of classes; a new classifier if it differs.")
  private @Nullable Integer classes;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description = "Side of the images; positions are resampled.")
  private @Nullable Integer imageSize;

  @Option(
      names = "--check",
      paramLabel = "IMAGE",
      description = "Images to compare both models on; may be repeated. Default: 16 of noise.")
  private List<Path> images = new ArrayList<>();

  @Option(
      names = "--architecture",
      paramLabel = "NAME",
      description =
          "Layout of a new folder by an architecture of transformers, such as ViTForImageClassification; default: the one that the weights came in, else timm's.")
  private @Nullable String architecture;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of a new classifier and of the noise; default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints; the last three are -1 where nothing was compared. */
  private record Summary(
      String out,
      long parameters,
      int copied,
      int resampled,
      int fresh,
      double largestDifference,
      double largestLogit,
      int sameClass) {}

  @Override
  public Integer call() {
    try (WeightsFile weights = WeightsFile.open(source(), model, take)) {
      Model.Spec from = weights.spec();
      Model.Spec to = target(from);
      Map<String, String> metadata = metadata(weights, to);
      if (architecture != null) {
        metadata.put(Weights.ARCHITECTURE, Weights.checkedArchitecture(architecture, to));
      }
      Weights.checkExport(file(), to);
      System.out.printf("from   %s: %s%n", in, Registered.describe(from));
      System.out.printf("to     %s: %s%n", out, Registered.describe(to));
      weights.assumption().ifPresent(text -> System.out.println("       " + text));
      Model converted = build(to, weights);
      Transfer transfer =
          Transfer.into(
              converted,
              collapse ? Collapse.tensors(weights.tensors(), converted) : weights.tensors());
      System.out.println("       " + transfer.describe());
      Agreement agreement =
          from instanceof ImageModel.Spec images && images.signature().equals(to.signature())
              ? compare(weights, converted)
              : new Agreement(0, -1, -1, -1);
      export(converted, metadata);
      json.print(
          new Summary(
              out.toString(),
              Registered.parameterCount(to),
              transfer.copied().size(),
              transfer.resampled().size(),
              transfer.fresh().size(),
              agreement.largestDifference(),
              agreement.largestLogit(),
              agreement.sameClass()));
    }
    return 0;
  }

  /** The weights of a run, or what else is given. */
  private Path source() {
    Path given = WeightsOptions.located(in);
    RunFolder run = new RunFolder(given);
    return Files.isRegularFile(run.config()) ? run.weights() : given;
  }

  /** Where the weights go; no layout of hubs knows a collapsed model. */
  private Path file() {
    return collapse && !out.toString().endsWith(".safetensors")
        ? out.resolve("model.safetensors")
        : out;
  }

  private void export(Model converted, Map<String, String> metadata) {
    Path file = file();
    try {
      if (!file.equals(out)) {
        Files.createDirectories(out);
      }
    } catch (IOException failed) {
      throw new UserException(
          "folder " + out + " cannot be made: " + AtomicFile.reason(failed), failed);
    }
    Weights.export(file, converted, metadata);
  }

  private Model.Spec target(Model.Spec from) {
    Model.Spec to = collapse ? Collapse.of(from) : from;
    to = toKat ? Conversion.toKat(to) : to;
    if (naming != null) {
      Naming names = NAMINGS.get(naming);
      if (names == null) {
        throw NearestName.unknown("naming", naming, NAMINGS.keySet().stream().sorted().toList());
      }
      to = Conversion.withNaming(to, names);
    }
    if (classes != null && (classes < 1 || classes > 1_000_000)) {
      throw new UserException("--classes " + classes + ": 1 to 1000000");
    }
    if (classes == null && imageSize == null) {
      return to;
    }
    Signature.Images shape = ImageModel.Spec.of(to).signature();
    return Conversion.withInput(
        to,
        imageSize == null ? shape.height() : imageSize,
        classes == null ? shape.outputs() : classes);
  }

  private Model build(Model.Spec to, WeightsFile weights) {
    try {
      return to.build(Context.cpu(seed).forOverwriting());
    } catch (IllegalArgumentException unfit) {
      throw new UserException(weights.path() + ": " + unfit.getMessage(), unfit);
    }
  }

  private Agreement compare(WeightsFile weights, Model converted) {
    Model original = Weights.load(weights, Context.cpu(0));
    List<float[]> inputs =
        images.isEmpty()
            ? noise(ImageModel.Spec.of(original.spec()).signature())
            : read(weights, original);
    Agreement agreement = Agreement.of(original, converted, inputs);
    System.out.printf(
        Locale.ROOT,
        "check  %d images%s: largest difference of two logits %.3g, largest logit %.3g (%.2g %%), same class on %d%n",
        agreement.images(),
        images.isEmpty() ? " of noise" : "",
        agreement.largestDifference(),
        agreement.largestLogit(),
        100 * agreement.relative(),
        agreement.sameClass());
    return agreement;
  }

  private List<float[]> noise(Signature.Images shape) {
    Random random = new Random(seed);
    List<float[]> noise = new ArrayList<>();
    for (int i = 0; i < NOISE_IMAGES; i++) {
      float[] image = new float[shape.channels() * shape.height() * shape.width()];
      for (int p = 0; p < image.length; p++) {
        image[p] = (float) random.nextGaussian();
      }
      noise.add(image);
    }
    return noise;
  }

  private List<float[]> read(WeightsFile weights, Model original) {
    InputDescription input =
        InputDescription.fromMetadata(weights.metadata(), weights.path().toString());
    Classifier classifier = new Classifier(original, input);
    return images.stream().map(classifier::pixels).toList();
  }

  /** What is known of the inputs stays; other classes have numbers for names. */
  private static Map<String, String> metadata(WeightsFile weights, Model.Spec to) {
    Map<String, String> metadata = new LinkedHashMap<>();
    weights
        .metadata()
        .forEach((key, value) -> {
          if (key.startsWith("kat4j.") && !Weights.OF_RUNS.contains(key)) {
            metadata.put(key, value);
          }
        });
    if (to.signature() instanceof Signature.Images now
        && weights.spec().signature() instanceof Signature.Images before
        && now.outputs() != before.outputs()) {
      metadata.put(
          Weights.CLASSES,
          IntStream.range(0, now.outputs())
              .mapToObj(Integer::toString)
              .collect(Collectors.collectingAndThen(Collectors.toList(), ClassNames::toText)));
    }
    return metadata;
  }
}
