package org.kat4j.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.model.HubFolder.Description;
import org.kat4j.token.Attention;
import org.kat4j.torch.Allowance;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Scope;
import org.kat4j.torch.TensorFile;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Opened weights of any form together with what is known of their model: a file of kat4j, a hub
 * folder, a safetensors file or PyTorch checkpoint of timm or KAT.
 *
 * <p>The model is taken from, in this order: the name given, the file's own {@code kat4j.model},
 * {@code config.json} beside it, the {@code arch} of a training checkpoint; where nothing says it,
 * from the tensors alone.
 */
public final class WeightsFile implements AutoCloseable {
  private static final String FROM_TENSORS = "from the tensors";
  private static final int SPARE_TENSORS = 100;
  private static final int SPARE_NUMBERS = 1 << 20;

  private final Path path;
  private final TensorFile tensors;
  private final Model.Spec spec;
  private final Map<String, String> metadata;
  private final String assumed; // what what is known of pictures follows from, "" for itself

  private WeightsFile(Path path, TensorFile tensors, @Nullable String model) {
    this.path = path;
    String own = tensors.metadata().get(Weights.MODEL);
    if (own != null && model == null) {
      this.tensors = tensors;
      spec = Config.fromJson(own, Model.Spec.class, path.toString());
      metadata = tensors.metadata();
      assumed = "";
      checkSize(path, tensors, spec);
      return;
    }
    Optional<Description> described = description(tensors, model);
    assumed =
        described.isEmpty()
            ? FROM_TENSORS
            : model == null && Files.isDirectory(path) && new HubFolder(path).hasConfig()
                ? ""
                : "from the name";
    metadata = new LinkedHashMap<>();
    try {
      ObjectNode arguments =
          described.map(Description::arguments).orElseGet(JsonNodeFactory.instance::objectNode);
      Optional<MetaFormerPublished> stages = MetaFormerPublished.in(arguments);
      if (stages.isPresent()) {
        MetaFormer.Spec ours = stages.get().spec(tensors);
        spec = ours;
        this.tensors = MetaFormerPublished.renamed(tensors, ours);
        metadata.putAll(described.orElseThrow().metadata(ours.classes(), ours.channels()));
      } else {
        VisionTransformer.Spec timm = TimmTensors.spec(arguments, name -> shape(tensors, name));
        spec = timm;
        this.tensors = tensors;
        metadata.putAll(
            described
                .orElseGet(() -> Description.ofTensors(timm))
                .metadata(timm.classes(), timm.channels()));
      }
    } catch (IllegalArgumentException | ArithmeticException unfit) {
      throw new UserException(path + ": " + unfit.getMessage(), unfit);
    }
    checkSize(path, tensors, spec);
  }

  private WeightsFile(Path path, TensorFile tensors, HubFolder.Published published) {
    this.path = path;
    this.tensors = renamed(path, tensors, published);
    spec = published.spec();
    metadata = published.metadata();
    assumed = "";
  }

  /**
   * Builds the model without memory, and no further than the tensors at hand allow: what a
   * description from outside asks for must not be taken before it is known to be there. The
   * allowance is wide enough for a model that differs in some tensors, so that these are named.
   */
  private static void checkSize(Path path, TensorFile tensors, Model.Spec spec) {
    long numbers = 0;
    for (String name : tensors.names()) {
      numbers += Arrays.stream(tensors.shape(name)).reduce(1, (a, b) -> a * b);
    }
    try (Scope _ = Scope.open()) {
      Context meta = Context.cpu(0).withDevice(Device.META);
      Allowance.within(
          2L * tensors.names().size() + SPARE_TENSORS,
          2 * numbers + SPARE_NUMBERS,
          "these weights",
          () -> spec.build(meta));
    } catch (IllegalArgumentException unfit) {
      throw new UserException(path + ": " + unfit.getMessage(), unfit);
    }
  }

  private static Optional<long[]> shape(TensorFile tensors, String name) {
    return tensors.contains(name) ? Optional.of(tensors.shape(name)) : Optional.empty();
  }

  /** Empty where tensors alone have to say it. */
  private Optional<Description> description(TensorFile tensors, @Nullable String model) {
    if (model != null) {
      return Optional.of(Description.named(model));
    }
    HubFolder folder = new HubFolder(path);
    if (Files.isDirectory(path) && folder.hasConfig()) {
      return Optional.of(folder.read());
    }
    String arch = tensors.metadata().get("arch");
    if (arch != null && TimmArchitecture.of(arch).isPresent()) {
      return Optional.of(Description.named(arch));
    }
    if (TimmTensors.areThere(name -> shape(tensors, name))) {
      return Optional.empty();
    }
    throw new UserException(
        path
            + ": no model is described in this file (metadata '"
            + Weights.MODEL
            + "'); name one with --model, for example kat_tiny_patch16_224");
  }

  /** Opens weights that say themselves what they belong to. */
  public static WeightsFile open(Path path) {
    return open(path, null, "");
  }

  /**
   * Opens weights.
   *
   * @param path a file or a hub folder
   * @param model name of the architecture, or null where the weights say it
   * @param dictionary which dictionary of a PyTorch checkpoint; "" for the usual one
   * @throws UserException when they cannot be read or do not say what model they belong to
   */
  public static WeightsFile open(Path path, @Nullable String model, String dictionary) {
    TensorFile stored = openStored(path, dictionary);
    try {
      if (model != null) {
        return new WeightsFile(path, stored, model);
      }
      Path described = described(path, stored);
      Optional<HubFolder.Published> published = published(described, stored);
      return published.isPresent()
          ? new WeightsFile(described, stored, published.get())
          : new WeightsFile(described, stored, (String) null);
    } catch (RuntimeException e) {
      stored.close();
      throw e;
    }
  }

  /** The folder that describes the weights where there is one, else the weights themselves. */
  private static Path described(Path path, TensorFile stored) {
    return stored.metadata().containsKey(Weights.MODEL)
        ? path
        : HubFolder.around(path).map(HubFolder::path).orElse(path);
  }

  private static Optional<HubFolder.Published> published(Path path, TensorFile stored) {
    HubFolder folder = new HubFolder(path);
    return Files.isDirectory(path)
            && folder.hasConfig()
            && !stored.metadata().containsKey(Weights.MODEL)
        ? folder.published()
        : Optional.empty();
  }

  /**
   * Opens the tensors alone, under their names here, whatever model they belong to; {@code path} as
   * above.
   */
  public static TensorFile openTensors(Path path, String dictionary) {
    TensorFile stored = openStored(path, dictionary);
    try {
      Path described = described(path, stored);
      return published(described, stored)
          .map(published -> renamed(described, stored, published))
          .orElse(stored);
    } catch (RuntimeException e) {
      stored.close();
      throw e;
    }
  }

  private static TensorFile renamed(Path path, TensorFile stored, HubFolder.Published published) {
    checkSize(path, stored, published.spec());
    return published.architecture().tensors(stored, published.spec());
  }

  /** Opens the tensors under the names that they have in their file or files. */
  public static TensorFile openStored(Path path, String dictionary) {
    Path file = Files.isDirectory(path) ? new HubFolder(path).weights() : path;
    return TensorFile.open(file, dictionary);
  }

  /** The file or folder. */
  public Path path() {
    return path;
  }

  /** The model that the weights belong to. */
  public Model.Spec spec() {
    return spec;
  }

  /** The tensors under their names in the file. */
  public TensorFile tensors() {
    return tensors;
  }

  /** What is known of classes and inputs, under the keys of {@link Weights}. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * What was assumed because only a name or the tensors say what the weights are, in words; empty
   * where the weights say it.
   */
  public Optional<String> assumption() {
    if (assumed.isEmpty()) {
      return Optional.empty();
    }
    String heads =
        spec instanceof VisionTransformer.Spec vit
                && vit.tokenMixer() instanceof Attention.Spec attention
                && assumed.equals(FROM_TENSORS)
                && !attention.qkNorm()
            ? attention.heads() + " heads, "
            : "";
    return Optional.of(
        "assumed %s: %spixels less %s by %s, the middle %s of a picture resized by %s"
            .formatted(
                assumed,
                heads,
                metadata.get(Weights.MEAN),
                metadata.get(Weights.DEVIATION),
                metadata.get(Weights.CROP_PCT),
                metadata.get(Weights.INTERPOLATION)));
  }

  @Override
  public void close() {
    tensors.close();
  }
}
