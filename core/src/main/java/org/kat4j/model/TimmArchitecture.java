package org.kat4j.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the names of published vision transformers stand for: {@code vit_small_patch16_224}, {@code
 * deit3_base_patch16_384}, {@code kat_tiny_patch16_224}, our own {@code kat_nano}.
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
      Pattern.compile(
          "(vit|deit3|deit|flash_kat|kat)_([a-z]+?)(_gelu|_swish)?(?:_patch\\d+_(\\d+))?(\\..*)?");

  /** Side of images from which on timm's models see the whole of them. */
  private static final int LARGE = 384;

  private static final Preprocessing HALF =
      new Preprocessing(List.of(.5, .5, .5), List.of(.5, .5, .5), .9, "bicubic");
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
    Size size = match.matches() ? SIZES.get(match.group(2)) : null;
    if (size == null) {
      return Optional.empty();
    }
    String family = match.group(1);
    ObjectNode arguments = JsonNodeFactory.instance.objectNode();
    arguments.put("embed_dim", size.width);
    arguments.put("depth", size.depth);
    arguments.put("num_heads", size.heads);
    if (family.equals("deit3")) {
      arguments.put("no_embed_class", true);
      arguments.put("init_values", 1e-6);
    }
    arguments.put("act_init", initial(match.group(3)));
    int image = match.group(4) == null ? 0 : Integer.parseInt(match.group(4));
    if (image > 0) {
      arguments.put("img_size", image);
    }
    String tag = match.group(5) == null ? "" : match.group(5);
    return Optional.of(new TimmArchitecture(family, arguments, preprocessing(family, image, tag)));
  }

  private static String initial(@Nullable String suffix) {
    return suffix == null ? "swish" : suffix.substring(1);
  }

  /** timm's table: large images are not cropped, and weights of some sources differ. */
  private static Preprocessing preprocessing(String family, int image, String tag) {
    Preprocessing usual =
        switch (family) {
          case "vit" -> tag.startsWith(".dino") || tag.startsWith(".mae") ? IMAGENET : HALF;
          case "kat", "flash_kat" -> IMAGENET.withCrop(.875);
          default -> IMAGENET;
        };
    boolean whole = image >= LARGE || family.equals("deit3") && tag.startsWith(".fb_in22k");
    return whole ? usual.withCrop(1) : usual;
  }

  /** The same, or the user's mistake. */
  static TimmArchitecture named(String name) {
    return of(name)
        .orElseThrow(() ->
            new UserException(
                "architecture '"
                    + name
                    + "' is not one that kat4j builds: those are vit_*, deit_*, deit3_*, kat_* and"
                    + " flash_kat_* of the sizes "
                    + String.join(", ", SIZES.keySet().stream().sorted().toList())));
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
    return family + "_" + size + "_patch16_224";
  }
}
