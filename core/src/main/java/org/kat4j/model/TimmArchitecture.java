package org.kat4j.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.error.UserException;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the names of published vision transformers stand for: {@code vit_small_patch16_224}, {@code
 * deit3_base_patch16_384}, {@code kat_tiny_patch16_224}, our own {@code kat_nano}; those of {@link
 * MetaFormerPublished} are looked up there.
 *
 * <p>Sources: timm, vision_transformer.py and deit.py; Adamdad/kat, katransformer.py.
 *
 * @param family vit, deit, deit3, kat or flash_kat
 * @param arguments constructor arguments that the name stands for
 * @param preprocessing what the images of these weights went through
 */
record TimmArchitecture(String family, ObjectNode arguments, Preprocessing preprocessing) {
  private record Size(int width, int depth, int heads) {}

  private static final Map<String, Size> SIZES =
      Map.of(
          "nano", new Size(64, 4, 4),
          "micro", new Size(128, 6, 4),
          "tiny", new Size(192, 12, 3),
          "small", new Size(384, 12, 6),
          "medium", new Size(512, 12, 8),
          "base", new Size(768, 12, 12),
          "large", new Size(1024, 24, 16));

  private static final Pattern NAME =
      Pattern.compile("(vit|deit3|deit|flash_kat|kat)_([a-z][a-z0-9]*)((?:_[a-z0-9]+)*)(\\..*)?");

  /** Words in names of models whose blocks are others, or that begin with convolutions. */
  private static final Pattern OTHERS =
      Pattern.compile("s?relpos|rpn|xp|quickgelu|r|r\\d+|s\\d+|p\\d+|\\d+x[2-9]");

  /** Channels of a head where nothing says otherwise. */
  private static final int USUAL_HEAD = 64;

  /** Widths of the largest models (SO, huge, giant, gigantic), which have 16 heads. */
  private static final Set<Integer> OF_SIXTEEN_HEADS = Set.of(1152, 1280, 1408, 1664);

  /** Side of images from which on timm's models see the whole of them. */
  private static final int LARGE = 384;

  private static final Preprocessing HALF =
      new Preprocessing(List.of(.5, .5, .5), List.of(.5, .5, .5), .9, "bicubic");
  private static final Preprocessing CLIP =
      new Preprocessing(
          List.of(.48145466, .4578275, .40821073),
          List.of(.26862954, .26130258, .27577711),
          .9,
          "bicubic");
  private static final Preprocessing IMAGENET =
      new Preprocessing(List.of(.485, .456, .406), List.of(.229, .224, .225), .9, "bicubic");

  /**
   * How images become inputs.
   *
   * @param mean of each channel, of pixels from 0 to 1
   * @param deviation of each channel
   * @param crop share of the resized image's side that is cut out of its middle
   * @param interpolation filter of the resizing, in Pillow's terms and lower case
   */
  record Preprocessing(
      List<Double> mean, List<Double> deviation, double crop, String interpolation) {
    Preprocessing withCrop(double other) {
      return new Preprocessing(mean, deviation, other, interpolation);
    }
  }

  /** The architecture of a name; empty where it is no vision transformer that kat4j builds. */
  static Optional<TimmArchitecture> of(String name) {
    Matcher match = NAME.matcher(name);
    if (!match.matches()) {
      return MetaFormerPublished.named(name).map(MetaFormerPublished::architecture);
    }
    List<String> words = List.of(match.group(3).split("_", -1)).stream().skip(1).toList();
    Size size = SIZES.get(match.group(2));
    boolean described = words.stream().anyMatch(word -> word.matches("patch\\d+"));
    boolean other =
        OTHERS.matcher(match.group(2)).matches()
            || words.stream().anyMatch(word -> OTHERS.matcher(word).matches());
    if (other || size == null && !described) {
      return Optional.empty();
    }
    String family = match.group(1);
    ObjectNode arguments = JsonNodeFactory.instance.objectNode();
    if (size != null && !words.contains("plus")) { // which is wider
      arguments.put("embed_dim", size.width);
      arguments.put("depth", size.depth);
      arguments.put("num_heads", size.heads);
    }
    if (family.equals("deit3")) {
      arguments.put("no_embed_class", true);
      arguments.put("init_values", 1e-6);
    }
    arguments.put("act_init", words.contains("gelu") ? "gelu" : "swish");
    int image =
        words.stream()
            .filter(word -> word.matches("\\d{2,4}"))
            .mapToInt(Integer::parseInt)
            .reduce(0, (_, last) -> last);
    if (image > 0) {
      arguments.put("img_size", image);
    }
    String tag = match.group(4) == null ? "" : match.group(4);
    return Optional.of(
        new TimmArchitecture(family, arguments, preprocessing(family, words, image, tag)));
  }

  /**
   * Heads of a model of this width, by timm's custom; 0 where there is none, as for a single one.
   */
  static int usualHeads(int width) {
    if (OF_SIXTEEN_HEADS.contains(width)) {
      return 16;
    }
    return width % USUAL_HEAD == 0 && width > USUAL_HEAD ? width / USUAL_HEAD : 0;
  }

  /** timm's table: large images are not cropped, and weights of some sources differ. */
  private static Preprocessing preprocessing(
      String family, List<String> words, int image, String tag) {
    boolean dino2 = words.contains("dinov2");
    Preprocessing usual =
        switch (family) {
          case "vit" -> {
            if (words.contains("clip")) {
              yield CLIP;
            }
            yield dino2 || tag.startsWith(".dino") || tag.startsWith(".mae") ? IMAGENET : HALF;
          }
          case "kat", "flash_kat" -> IMAGENET.withCrop(.875);
          default -> IMAGENET;
        };
    boolean whole =
        image >= LARGE || dino2 || family.equals("deit3") && tag.startsWith(".fb_in22k");
    return whole ? usual.withCrop(1) : usual;
  }

  /** What images most likely went through, by what tensors show of where weights come from. */
  static Preprocessing preprocessing(VisionTransformer.Spec spec) {
    boolean distilled = spec.distillationToken();
    boolean deit3 = spec.layerScale() > 0 && spec.classToken() && !spec.positionOfPrefix();
    boolean dino2 = spec.layerScale() > 0 && spec.patchSize() == 14;
    Preprocessing usual =
        spec.channelMixer() instanceof GroupRationalMlp.Spec
            ? IMAGENET.withCrop(.875)
            : spec.normFirst() ? CLIP : distilled || deit3 || dino2 ? IMAGENET : HALF;
    return spec.imageSize() >= LARGE || dino2 ? usual.withCrop(1) : usual;
  }

  /** The same, or the user's mistake. */
  static TimmArchitecture named(String name) {
    return of(name)
        .orElseThrow(() ->
            new UserException(
                "architecture '"
                    + name
                    + "' is not one that kat4j builds: those are vit_*, deit_*, deit3_*, kat_* and"
                    + " flash_kat_*, such as vit_small_patch16_224, without convolutions,"
                    + " relative positions and parallel blocks; and poolformer_*, caformer_* and"
                    + " their kin, as 'kat4j models' lists them"));
  }

  /** A name whose arguments are nearest to a spec; further arguments make it exact. */
  static String nameOf(VisionTransformer.Spec spec, String family) {
    String size =
        SIZES.entrySet().stream()
            .filter(entry -> entry.getValue().width == spec.width())
            .map(Map.Entry::getKey)
            .findFirst()
            .filter(known -> !known.equals("nano") && !known.equals("micro"))
            .orElse("tiny");
    return spec.distillationToken()
        ? "deit_" + size + "_distilled_patch16_224"
        : family + "_" + size + "_patch16_224";
  }
}
