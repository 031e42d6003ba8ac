package org.kat4j.model;

import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kat4j.function.LayerNorm;
import org.kat4j.model.ClassifierHead.MlpSpec;

/**
 * What the names of published MetaFormers stand for: {@code poolformer_s12}, {@code
 * caformer_s18_384_in21ft1k}, timm's {@code convformer_s18.sail_in1k_384}, {@code resmlp_12_224}.
 *
 * @param size the model of that name
 * @param imageSize side of the images it was made for
 */
public record MetaFormerPublished(MetaFormer.Spec size, int imageSize) {
  private static final Pattern NAME =
      Pattern.compile("([a-z0-9]+_[a-z]*\\d+?)((?:_224|_384|_in21k|_in21ft1k)*)(\\..*)?");

  /** timm's layers put this under the root, not PyTorch's default. */
  private static final double EPSILON = 1e-6;

  /** The size of a name; empty where it is none of these. */
  public static Optional<MetaFormerPublished> named(String name) {
    Matcher match = NAME.matcher(name);
    MetaFormer.Spec size = match.matches() ? MetaFormerSizes.all().get(match.group(1)) : null;
    if (size == null) {
      return Optional.empty();
    }
    boolean large = name.contains("_384");
    return Optional.of(new MetaFormerPublished(size, large ? 384 : size.imageSize()));
  }

  /**
   * The model of tensors with such names: classes and channels are theirs, and timm's differs a
   * little from the others.
   *
   * @param shapes shape of a tensor by its name there, empty where there is none
   */
  public MetaFormer.Spec spec(MetaFormerNames names, Function<String, Optional<long[]>> shapes) {
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
