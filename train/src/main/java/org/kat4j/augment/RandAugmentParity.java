package org.kat4j.augment;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.image.Picture;
import org.kat4j.image.RecordedPictures;
import org.kat4j.image.Resampling;
import org.kat4j.parity.Comparison;
import org.kat4j.parity.Golden;
import org.kat4j.parity.ParityAdapter;
import tools.jackson.databind.JsonNode;

/** Every operation of RandAugment at one magnitude, its argument and its two sets. */
public final class RandAugmentParity implements ParityAdapter {
  private static final double RARE = 1e-3; // share of pixels that may be one level off

  @Override
  public boolean covers(Golden golden) {
    return golden.config().has("level_args") && golden.has("input.image");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    JsonNode config = golden.config();
    compareSet(comparison, config.path("_RAND_TRANSFORMS"), "rand-m9");
    compareSet(comparison, config.path("_RAND_INCREASING_TRANSFORMS"), "rand-m9-inc1");
    Picture image = RecordedPictures.ofRows(golden, "input.image");
    byte[] fill = fill(config.path("img_mean"));
    double magnitude = config.path("magnitude").asDouble();
    for (Map.Entry<String, JsonNode> recorded : config.path("level_args").properties()) {
      Operation operation = operation(recorded.getKey());
      double argument = operation.argument(magnitude, sign(recorded.getKey()));
      if (!recorded.getValue().isEmpty()) {
        comparison.compare(
            "level_args." + recorded.getKey(),
            argument,
            recorded.getValue().path(0).asDouble(),
            1e-12);
      }
    }
    golden
        .under("output.")
        .forEach((name, interleaved) -> {
          Operation operation = operation(name);
          double argument = operation.argument(magnitude, sign(name));
          Resampling resampling =
              name.contains(".bicubic") ? Resampling.BICUBIC : Resampling.BILINEAR;
          Picture changed = operation.apply(image, argument, resampling, fill);
          Tensor expected = interleaved.permute(2, 0, 1); // [channels, height, width]
          boolean moved = name.contains(".bicubic") || name.contains(".bilinear");
          comparison.compareLevels(
              "output." + name,
              RecordedPictures.levels(changed, expected),
              expected,
              moved ? 1 : 0,
              moved ? RARE : 0);
        });
  }

  private static void compareSet(Comparison comparison, JsonNode names, String policy) {
    if (names.isArray()) {
      String[] recorded = new String[names.size()];
      Arrays.setAll(recorded, i -> names.path(i).asString());
      comparison.same(
          "set of " + policy,
          RandAugment.named(policy).choice().stream().map(Operation::timmName).toList(),
          Arrays.asList(recorded));
    }
  }

  private static Operation operation(String name) {
    String timmName = name.substring(0, name.indexOf('.'));
    Optional<Operation> found =
        Arrays.stream(Operation.values()).filter(o -> o.timmName().equals(timmName)).findFirst();
    return found.orElseThrow(() -> new IllegalArgumentException("operation " + timmName));
  }

  private static int sign(String name) {
    return name.endsWith(".neg") ? -1 : 1;
  }

  private static byte[] fill(JsonNode mean) {
    byte[] fill = new byte[mean.size()];
    for (int i = 0; i < fill.length; i++) {
      fill[i] = (byte) mean.path(i).asInt();
    }
    return fill;
  }
}
