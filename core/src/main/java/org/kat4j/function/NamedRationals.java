package org.kat4j.function;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.kat4j.error.NearestName;

/**
 * The named coefficient sets, kept with their history in {@code rationals.txt}.
 *
 * <p>Beware: the published {@code gelu}, {@code geglu}, {@code swishglu} and {@code
 * erfc_Softplus_2} were fitted with another denominator and do not compute what they are named
 * after. They are there for published weights; new models want the {@code -corrected} ones.
 */
final class NamedRationals {
  private static final Map<String, RationalCoefficients> SETS = load();

  private NamedRationals() {}

  static RationalCoefficients get(String name) {
    RationalCoefficients set = SETS.get(name);
    if (set == null) {
      throw NearestName.unknown("initial function", name, SETS.keySet());
    }
    return set;
  }

  static List<String> names() {
    return List.copyOf(SETS.keySet());
  }

  private static Map<String, RationalCoefficients> load() {
    Map<String, RationalCoefficients> sets = new LinkedHashMap<>();
    try (InputStream in = NamedRationals.class.getResourceAsStream("rationals.txt")) {
      String text =
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
      for (String line : text.lines().toList()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          String[] parts = line.split(" \\| ", 3);
          sets.put(parts[0], new RationalCoefficients(numbers(parts[1]), numbers(parts[2])));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sets;
  }

  private static double[] numbers(String list) {
    return Arrays.stream(list.split(", ", -1)).mapToDouble(Double::parseDouble).toArray();
  }
}
