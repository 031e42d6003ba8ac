package org.kat4j.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.error.NearestName;
import org.kat4j.function.GroupRational;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * The models that have a name.
 *
 * <p>{@code kat_*} and {@code vit_*} of one size are twins: they differ in the channel mixer and
 * the initial weights only. A name may be shortened as long as it stays unique up to its image
 * size: {@code kat_tiny} is {@code kat_tiny_patch16_224}.
 */
public final class Registered {
  private record Size(String name, int width, int depth, int heads, int patch, int image) {
    String suffix() {
      return "_" + name + patches();
    }

    String patches() {
      return "_patch" + patch + "_" + image;
    }
  }

  private static final List<Size> SIZES =
      List.of(
          new Size("nano", 64, 4, 4, 4, 32),
          new Size("micro", 128, 6, 4, 4, 32),
          new Size("tiny", 192, 12, 3, 16, 224),
          new Size("small", 384, 12, 6, 16, 224),
          new Size("base", 768, 12, 12, 16, 224));

  private static final int RGB = 3;
  private static final SequencedMap<String, Model.Spec> SPECS = specs();

  private Registered() {}

  private static SequencedMap<String, Model.Spec> specs() {
    SequencedMap<String, Model.Spec> all = new LinkedHashMap<>();
    for (Size size : SIZES) {
      int classes = size.image == 224 ? 1000 : 10;
      var kat =
          VisionTransformer.Spec.kat(
              size.image, size.patch, RGB, classes, size.width, size.depth, size.heads);
      all.put("kat" + size.suffix(), kat);
      all.put(
          "kat_" + size.name + "_gelu" + size.patches(),
          kat.withChannelMixer(startingFrom("gelu")));
      all.put(
          "vit" + size.suffix(),
          VisionTransformer.Spec.vit(
              size.image, size.patch, RGB, classes, size.width, size.depth, size.heads));
      if (size.image == 224) {
        all.put("flash_kat" + size.suffix(), kat.withChannelMixer(flashNamed()));
      }
    }
    all.putAll(MetaFormerSizes.all());
    return all;
  }

  private static GroupRationalMlp.Spec startingFrom(String act2) {
    var kat = GroupRationalMlp.Spec.example();
    return new GroupRationalMlp.Spec(kat.ratio(), kat.rational(), kat.act1(), act2, kat.dropout());
  }

  /** The published mixer with FlashKAT's state-dict names. */
  private static GroupRationalMlp.Spec flashNamed() {
    var kat = GroupRationalMlp.Spec.example();
    var r = kat.rational();
    var names =
        new GroupRational.Spec(
            r.numeratorGroups(),
            r.denominatorGroups(),
            r.m(),
            r.n(),
            GroupRational.Naming.FLASH_KAT);
    return new GroupRationalMlp.Spec(kat.ratio(), names, kat.act1(), kat.act2(), kat.dropout());
  }

  /** All names with their specs, small to large. */
  public static Map<String, Model.Spec> all() {
    return SPECS;
  }

  /** All names that {@link #named} takes, the short forms first. */
  static List<String> names() {
    Map<String, Long> patchSizes =
        SPECS.keySet().stream()
            .filter(name -> name.contains("_patch"))
            .collect(
                Collectors.groupingBy(
                    name -> name.substring(0, name.indexOf("_patch")),
                    LinkedHashMap::new,
                    Collectors.counting()));
    return Stream.concat(
            patchSizes.entrySet().stream()
                .filter(sizes -> sizes.getValue() == 1)
                .map(Map.Entry::getKey),
            SPECS.keySet().stream())
        .distinct()
        .toList();
  }

  /** The number of trainable numbers of a spec; no memory is taken for them. */
  public static long parameterCount(Model.Spec spec) {
    try (Scope _ = Scope.open();
        Model model = spec.build(Context.cpu(0).withDevice(Device.META))) {
      return StateDict.parameterCount(model);
    }
  }

  /** A model in a few words: parameters, input and output. */
  public static String describe(Model.Spec spec) {
    return String.format(
        Locale.ROOT, "%,d parameters, %s", parameterCount(spec), spec.signature().describe());
  }

  /** The spec of a name or of its short form; fails with the nearest name. */
  public static Model.Spec named(String name) {
    Model.Spec exact =
        SPECS.get(
            name.replace("_swish_patch", "_patch")); // the reference registers the default twice
    if (exact != null) {
      return exact;
    }
    List<String> matches =
        SPECS.keySet().stream().filter(n -> n.startsWith(name + "_patch")).toList();
    if (matches.size() == 1) {
      return Objects.requireNonNull(SPECS.get(matches.getFirst()));
    }
    List<String> full = List.copyOf(SPECS.keySet());
    List<String> brief = full.stream().map(n -> n.replaceFirst("_patch.*", "")).toList();
    throw NearestName.unknown("model", name, name.contains("_patch") ? full : brief);
  }
}
