package org.kat4j.image;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.parity.Comparison;
import org.kat4j.parity.Golden;
import org.kat4j.parity.ParityAdapter;
import org.kat4j.torch.Memory;
import tools.jackson.databind.JsonNode;

/**
 * timm's evaluation transform of an image file. Names say what was recorded: {@code
 * uint8_SCALED_FILTER} is the crop in bytes, {@code normalised_SCALED_FILTER} the model's input;
 * {@code _rowsA-B} keeps some rows only.
 */
public final class PreprocessingParity implements ParityAdapter {
  private static final Pattern NAME =
      Pattern.compile("(uint8|normalised|normalized)_(\\d+)_([a-z]+)(?:_rows(\\d+)-(\\d+))?");

  private static final double RARE = 1e-3; // share of pixels that may be one level off

  /** Two JPEG decoders may round each coefficient and each colour differently. */
  private static final double JPEG_LEVELS = 3;

  @Override
  public boolean covers(Golden golden) {
    return golden.text("function").contains("create_transform") && golden.has("input.file");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    byte[] file = RecordedPictures.bytes(golden, "input.file");
    boolean jpeg = JpegHeader.isJpeg(file);
    Picture picture = ImageReading.decode(file, golden.name(), 3, false);
    if (golden.has("extra.decoded_rgb")) {
      Picture decoded = RecordedPictures.ofRows(golden, "extra.decoded_rgb");
      Tensor expected = golden.read("output." + anyOutput(golden));
      compare(
          comparison,
          "extra.decoded_rgb",
          RecordedPictures.levels(picture, expected),
          RecordedPictures.levels(decoded, expected),
          jpeg);
    }
    golden
        .under("output.")
        .forEach((name, expected) -> {
          Matcher parts = NAME.matcher(name);
          if (!parts.matches()) {
            throw new IllegalArgumentException(golden.name() + ": unknown output " + name);
          }
          Picture crop = crop(golden, picture, parts.group(2), parts.group(3));
          Tensor levels = rows(RecordedPictures.levels(crop, expected), parts);
          if (parts.group(1).equals("uint8")) {
            compare(comparison, "output." + name, levels, expected, jpeg);
          } else {
            double bound = jpeg ? JPEG_LEVELS / 255 / smallest(golden.config().path("std")) : 0;
            Tensor normalised = normalised(golden, levels);
            if (jpeg) {
              comparison.compareAbsolutely("output." + name, normalised, expected, bound + 1e-5);
            } else {
              comparison.compare("output." + name, normalised, expected, 1e-5);
            }
          }
        });
  }

  private static String anyOutput(Golden golden) {
    return golden.under("output.").firstEntry().getKey();
  }

  private static void compare(
      Comparison comparison, String name, Tensor actual, Tensor expected, boolean jpeg) {
    comparison.compareLevels(name, actual, expected, jpeg ? JPEG_LEVELS : 1, jpeg ? 1 : RARE);
  }

  /** The share of the recorded configuration that scales to the size in the name. */
  private static Picture crop(Golden golden, Picture picture, String scaled, String filter) {
    JsonNode size = golden.config().path("crop");
    int height = size.isArray() ? size.path(0).asInt() : size.asInt();
    int width = size.isArray() ? size.path(1).asInt() : size.asInt();
    JsonNode shares = golden.config().path("crop_pct");
    double cropPct = shares.isObject() ? shares.path(scaled).asDouble() : shares.asDouble();
    Resampling resampling = Resampling.valueOf(filter.toUpperCase(Locale.ROOT));
    return new EvaluationTransform(cropPct, resampling).apply(picture, height, width);
  }

  private static Tensor rows(Tensor picture, Matcher parts) {
    if (parts.group(4) == null) {
      return picture;
    }
    long first = Long.parseLong(parts.group(4));
    return picture.narrow(1, first, Long.parseLong(parts.group(5)) - first + 1);
  }

  private static Tensor normalised(Golden golden, Tensor levels) {
    Tensor mean = perChannel(golden, "mean", levels);
    Tensor std = perChannel(golden, "std", levels);
    Tensor scale = Memory.like(levels, new float[] {255}, 1);
    return levels.div(scale).sub(mean).div(std);
  }

  private static Tensor perChannel(Golden golden, String key, Tensor like) {
    JsonNode given = golden.config().path(key);
    float[] values = new float[given.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = given.path(i).floatValue();
    }
    return Memory.like(like, values, values.length, 1, 1);
  }

  private static double smallest(JsonNode std) {
    double smallest = Double.POSITIVE_INFINITY;
    for (JsonNode value : std) {
      smallest = Math.min(smallest, value.asDouble());
    }
    return smallest;
  }
}
