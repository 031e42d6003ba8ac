package org.kat4j.model;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.model.TimmArchitecture.Preprocessing;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What images go through by a {@code preprocessor_config.json} of transformers.
 *
 * <p>Pictures that are not square are not squashed: their middle is taken. All else is read as it
 * stands there, or refused.
 */
record HubPreprocessing(ObjectNode keys) {
  private static final double TO_ONE = 1 / 255.0;

  /** Pillow's numbers of its filters. */
  private static final List<String> FILTERS =
      List.of("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming");

  /** What the architecture's own class does where there is no such file. */
  static Preprocessing usual(HubImage architecture) {
    List<Double> half = List.of(.5, .5, .5);
    return architecture == HubImage.VIT
        ? new Preprocessing(half, half, 1, "bilinear")
        : new Preprocessing(List.of(.485, .456, .406), List.of(.229, .224, .225), .875, "bicubic");
  }

  Preprocessing read(Preprocessing usual) {
    if (is("do_rescale", true)
        && Math.abs(keys.path("rescale_factor").asDouble(TO_ONE) - TO_ONE) > 1e-9) {
      throw HubKeys.notBuilt("rescale_factor", keys.path("rescale_factor").asString(), "1/255");
    }
    boolean normalised = is("do_normalize", true);
    return new Preprocessing(
        normalised ? numbers("image_mean", usual.mean()) : List.of(0.0, 0.0, 0.0),
        normalised ? numbers("image_std", usual.deviation()) : List.of(1.0, 1.0, 1.0),
        crop(),
        interpolation(usual));
  }

  /** Side of the square that the model is given, where the file says it. */
  OptionalInt side() {
    OptionalInt cut = cropped() ? side("crop_size") : OptionalInt.empty();
    return cut.isPresent() ? cut : side("size");
  }

  private double crop() {
    OptionalInt cut = cropped() ? side("crop_size") : OptionalInt.empty();
    OptionalInt size = side("size");
    if (cut.isEmpty() || size.isEmpty() || cut.getAsInt() >= size.getAsInt()) {
      return 1;
    }
    double crop = (double) cut.getAsInt() / size.getAsInt();
    return Math.floor(cut.getAsInt() / crop) == size.getAsInt() ? crop : Math.nextDown(crop);
  }

  private boolean cropped() {
    return is("do_center_crop", keys.has("crop_size"));
  }

  private boolean is(String key, boolean otherwise) {
    return keys.path(key).asBoolean(otherwise);
  }

  private OptionalInt side(String key) {
    JsonNode size = keys.path(key);
    if (size.isMissingNode() || size.isNull()) {
      return OptionalInt.empty();
    }
    JsonNode side =
        size.isObject() ? size.path(size.has("height") ? "height" : "shortest_edge") : size;
    boolean square = !size.has("height") || size.path("width").equals(side);
    if (!square || !side.isInt() || side.intValue() < 1) {
      throw new IllegalArgumentException(
          key + " = " + size + ": one side of squares, in pixels, is what kat4j builds");
    }
    return OptionalInt.of(side.intValue());
  }

  private List<Double> numbers(String key, List<Double> otherwise) {
    JsonNode given = keys.path(key);
    if (given.isNumber()) {
      return List.of(given.asDouble(), given.asDouble(), given.asDouble());
    }
    return given.isArray() && !given.isEmpty()
        ? given.valueStream().map(number -> number.asDouble(Double.NaN)).toList()
        : otherwise;
  }

  private String interpolation(Preprocessing usual) {
    JsonNode filter = keys.path("resample");
    if (!filter.isNumber()) {
      return usual.interpolation();
    }
    int number = filter.asInt(-1);
    if (number < 0 || number >= FILTERS.size()) {
      throw HubKeys.notBuilt("resample", filter.asString(), "a filter of Pillow, 0 to 5,");
    }
    return FILTERS.get(number);
  }

  /** The file for a model of this side: what kat4j does, in the words of a class that does it. */
  static ObjectNode of(Preprocessing images, int side) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    keys.put("image_processor_type", "BitImageProcessor");
    keys.put("do_convert_rgb", true);
    keys.put("do_resize", true);
    keys.putObject("size").put("shortest_edge", (int) Math.floor(side / images.crop()));
    keys.put("resample", Math.max(0, FILTERS.indexOf(images.interpolation())));
    keys.put("do_center_crop", true);
    keys.putObject("crop_size").put("height", side).put("width", side);
    keys.put("do_rescale", true);
    keys.put("rescale_factor", TO_ONE);
    keys.put("do_normalize", true);
    images.mean().forEach(keys.putArray("image_mean")::add);
    images.deviation().forEach(keys.putArray("image_std")::add);
    return keys;
  }

  /** Reads a file beside {@code config.json}; what is wrong in it is named with it. */
  static <T> T in(Path file, Function<HubPreprocessing, T> reading) {
    try {
      return reading.apply(new HubPreprocessing(Config.readTree(file)));
    } catch (IllegalArgumentException unfit) {
      throw new UserException(file + ": " + unfit.getMessage(), unfit);
    }
  }
}
