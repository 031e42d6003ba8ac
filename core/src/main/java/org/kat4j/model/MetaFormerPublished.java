package org.kat4j.model;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kat4j.function.LayerNorm;
import org.kat4j.model.ClassifierHead.MlpSpec;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Place;
import org.kat4j.torch.RenamedTensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the names of published MetaFormers stand for: {@code poolformer_s12}, {@code
 * caformer_s18_384_in21ft1k}, timm's {@code convformer_s18.sail_in1k_384}, {@code resmlp_12_224}.
 *
 * @param name of the size
 * @param imageSize side of the images it was made for
 */
public record MetaFormerPublished(String name, int imageSize) {
  /** The key under which the name stands among arguments. */
  private static final String KEY = "metaformer";

  private static final Pattern NAME =
      Pattern.compile("([a-z0-9]+_[a-z]*\\d+?)((?:_224|_384|_in21k|_in21ft1k)*)(\\..*)?");

  private static final int USUAL = 224;

  /** timm's layers put this under the root, not PyTorch's default. */
  private static final double EPSILON = 1e-6;

  /** The size of a name; empty where it is none of these. */
  public static Optional<MetaFormerPublished> named(String name) {
    Matcher match = NAME.matcher(name);
    if (!match.matches() || !MetaFormerSizes.all().containsKey(match.group(1))) {
      return Optional.empty();
    }
    return Optional.of(
        new MetaFormerPublished(match.group(1), name.contains("_384") ? 384 : USUAL));
  }

  /** The size that {@link #architecture} put among arguments. */
  static Optional<MetaFormerPublished> in(ObjectNode arguments) {
    return Optional.of(arguments.path(KEY).asString(""))
        .filter(name -> !name.isEmpty())
        .map(name -> new MetaFormerPublished(name, arguments.path("img_size").asInt(USUAL)));
  }

  /** The same as timm's table has it. */
  TimmArchitecture architecture() {
    ObjectNode arguments = JsonNodeFactory.instance.objectNode();
    arguments.put(KEY, name);
    if (imageSize != USUAL) {
      arguments.put("img_size", imageSize);
    }
    boolean first = name.startsWith("poolformer_");
    double crop = first ? (name.startsWith("poolformer_s") ? .9 : .95) : 1;
    return new TimmArchitecture(
        name,
        arguments,
        new TimmArchitecture.Preprocessing(
            List.of(.485, .456, .406),
            List.of(.229, .224, .225),
            name.startsWith("resmlp") ? .875 : crop,
            "bicubic"));
  }

  /**
   * The model of a file's tensors.
   *
   * @throws IllegalArgumentException where their names are of no known code
   */
  MetaFormer.Spec spec(TensorFile file) {
    return spec(
        names(file),
        tensor -> file.contains(tensor) ? Optional.of(file.shape(tensor)) : Optional.empty());
  }

  private static MetaFormerNames names(TensorFile file) {
    return MetaFormerNames.among(file::contains)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "tensors with neither timm's names nor those of the authors' code"));
  }

  /** A file's tensors under our names; layers of one pixel are linear ones here. */
  static TensorFile renamed(TensorFile file, MetaFormer.Spec spec) {
    MetaFormerNames theirs = names(file);
    SequencedMap<String, Place> places = new LinkedHashMap<>();
    Set<String> rest = new LinkedHashSet<>(file.names());
    try (Scope _ = Scope.open();
        Model model = spec.build(Context.cpu(0).withDevice(Device.META))) {
      StateDict.of(model)
          .forEach((name, tensor) -> {
            if (rest.remove(theirs.of(name))) {
              places.put(name, place(theirs.of(name), tensor.shape(), file));
            }
          });
    }
    rest.forEach(name -> places.put(name, Place.of(name))); // loading names what is not ours
    return new RenamedTensors(file, places);
  }

  private static Place place(String theirs, long[] shape, TensorFile file) {
    long[] stored = file.shape(theirs);
    return !Arrays.equals(stored, shape) && Arrays.equals(longAxes(stored), longAxes(shape))
        ? new Place.Computed(theirs, shape, tensor -> tensor.reshape(shape))
        : Place.of(theirs);
  }

  private static long[] longAxes(long[] shape) {
    return Arrays.stream(shape).filter(size -> size != 1).toArray();
  }

  /**
   * The model of tensors with such names: classes and channels are theirs, and timm's differs a
   * little from the others.
   *
   * @param shapes shape of a tensor by its name there, empty where there is none
   */
  public MetaFormer.Spec spec(MetaFormerNames names, Function<String, Optional<long[]>> shapes) {
    MetaFormer.Spec size = Objects.requireNonNull(MetaFormerSizes.all().get(name));
    String last = size.head() instanceof MlpSpec ? "head.fc2.weight" : "head.weight";
    int classes = first(names.of(last), shapes, 0);
    int channels = first(names.of("stages.0.downsample.conv.weight"), shapes, 1);
    MetaFormer.Spec spec = size.withInput(imageSize, channels, classes);
    return names == MetaFormerNames.TIMM ? asTimm(spec) : spec;
  }

  private static int first(String name, Function<String, Optional<long[]>> shapes, int axis) {
    long[] shape =
        shapes
            .apply(name)
            .orElseThrow(() -> new IllegalArgumentException("tensor " + name + " is missing"));
    if (shape.length <= axis) {
      throw new IllegalArgumentException(
          "tensor %s has %d dimensions, more are expected".formatted(name, shape.length));
    }
    return Math.toIntExact(shape[axis]);
  }

  /** PoolFormer's final norm stands behind the mean there; the norm of the head adds less. */
  private static MetaFormer.Spec asTimm(MetaFormer.Spec s) {
    ClassifierHead.Spec head =
        s.head() instanceof MlpSpec mlp
            ? new MlpSpec(mlp.ratio(), EPSILON, mlp.dropout())
            : s.head();
    return new MetaFormer.Spec(
        s.imageSize(),
        s.channels(),
        s.classes(),
        s.stages(),
        MetaFormer.Pooling.AVERAGE,
        new LayerNorm.Spec(EPSILON, true),
        head,
        s.dropPath(),
        s.start());
  }
}
