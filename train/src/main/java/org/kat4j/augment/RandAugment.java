package org.kat4j.augment;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kat4j.config.Check;
import org.kat4j.error.UserException;
import org.kat4j.image.Picture;

/**
 * A few operations drawn at random with replacement, all of about one magnitude. Source: arXiv
 * 1909.13719, as timm has it.
 *
 * @param operations how many are drawn for each image, 0 for none
 * @param probability with which a drawn operation is carried out
 * @param magnitude 0 to 10
 * @param deviation standard deviation of the magnitude, drawn anew for each operation; above 100:
 *     uniform from 0 to the magnitude
 * @param maxMagnitude drawn magnitudes are cut to 0 .. this
 * @param increasing whether the operations are those that do more at a larger magnitude
 */
public record RandAugment(
    int operations,
    double probability,
    double magnitude,
    double deviation,
    double maxMagnitude,
    boolean increasing) {
  private static final double UNIFORM = 100;

  /** Nothing is done; otherwise timm's {@code rand-m9-mstd0.5}. */
  public static final RandAugment NONE = new RandAugment(0, 0.5, 9, 0.5, 10, false);

  private static final List<Operation> PLAIN =
      List.of(
          Operation.AUTO_CONTRAST,
          Operation.EQUALIZE,
          Operation.INVERT,
          Operation.ROTATE,
          Operation.POSTERIZE,
          Operation.SOLARIZE,
          Operation.SOLARIZE_ADD,
          Operation.COLOR,
          Operation.CONTRAST,
          Operation.BRIGHTNESS,
          Operation.SHARPNESS,
          Operation.SHEAR_X,
          Operation.SHEAR_Y,
          Operation.TRANSLATE_X_REL,
          Operation.TRANSLATE_Y_REL);

  private static final List<Operation> INCREASING =
      PLAIN.stream()
          .map(operation ->
              switch (operation) {
                case POSTERIZE -> Operation.POSTERIZE_INCREASING;
                case SOLARIZE -> Operation.SOLARIZE_INCREASING;
                case COLOR -> Operation.COLOR_INCREASING;
                case CONTRAST -> Operation.CONTRAST_INCREASING;
                case BRIGHTNESS -> Operation.BRIGHTNESS_INCREASING;
                case SHARPNESS -> Operation.SHARPNESS_INCREASING;
                default -> operation;
              })
          .toList();

  private static final Pattern PART = Pattern.compile("([a-z]+)([0-9]*\\.?[0-9]+)");

  public RandAugment {
    Check.between("operations", operations, 0, 100);
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability = " + probability + ": from 0 to 1");
    }
    Check.inRange("magnitude", magnitude, 0, 100);
    Check.inRange("deviation", deviation, 0, Double.POSITIVE_INFINITY);
    Check.inRange("maxMagnitude", maxMagnitude, 0, 100);
  }

  /**
   * timm's way to write it: {@code rand-m9-mstd0.5-inc1}, with m magnitude (10), n operations (2),
   * p probability (0.5), mstd deviation (0), mmax largest magnitude (10), inc increasing
   * operations: whatever number follows, as in timm. "none" for nothing.
   */
  public static RandAugment named(String text) {
    if (text.equals("none")) {
      return NONE;
    }
    String[] parts = text.split("-", -1);
    if (!parts[0].equals("rand")) {
      throw unknown(text, text);
    }
    int operations = 2;
    double probability = 0.5;
    double magnitude = 10;
    double deviation = 0;
    double most = 10;
    boolean increasing = false;
    for (int i = 1; i < parts.length; i++) {
      Matcher part = PART.matcher(parts[i]);
      if (!part.matches()) {
        throw unknown(text, parts[i]);
      }
      double value = Double.parseDouble(part.group(2));
      switch (part.group(1)) {
        case "m" -> magnitude = value;
        case "n" -> operations = (int) value;
        case "p" -> probability = value;
        case "mstd" -> deviation = value;
        case "mmax" -> most = value;
        case "inc" -> increasing = true;
        default -> throw unknown(text, parts[i]);
      }
    }
    try {
      return new RandAugment(operations, probability, magnitude, deviation, most, increasing);
    } catch (IllegalArgumentException outOfRange) {
      throw new UserException(text + ": " + outOfRange.getMessage(), outOfRange);
    }
  }

  private static UserException unknown(String text, String part) {
    return new UserException(
        "\"%s\": \"%s\" is not known; none, or for example rand-m9-mstd0.5-inc1"
            .formatted(text, part));
  }

  /** The operations that are drawn from, in timm's order. */
  public List<Operation> choice() {
    return increasing ? INCREASING : PLAIN;
  }

  Picture apply(Picture picture, Interpolation interpolation, byte[] fill, RandomGenerator random) {
    Operation[] drawn = new Operation[operations];
    for (int i = 0; i < operations; i++) {
      drawn[i] = choice().get(random.nextInt(choice().size()));
    }
    Picture result = picture;
    for (Operation operation : drawn) {
      if (random.nextDouble() < probability) {
        int sign = operation.isSigned() && random.nextBoolean() ? -1 : 1;
        double argument = operation.argument(drawMagnitude(random), sign);
        result = operation.apply(result, argument, interpolation.draw(random), fill);
      }
    }
    return result;
  }

  double drawMagnitude(RandomGenerator random) {
    double drawn = magnitude;
    if (deviation > UNIFORM) {
      drawn = Draw.uniform(random, 0, magnitude);
    } else if (deviation > 0) {
      drawn += deviation * Draw.normal(random);
    }
    return Math.clamp(drawn, 0, maxMagnitude);
  }
}
