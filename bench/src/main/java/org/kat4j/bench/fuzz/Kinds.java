package org.kat4j.bench.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.kat4j.error.NearestName;

/** Every kind of input that is fuzzed. */
public final class Kinds {
  private Kinds() {}

  private static final class All {
    static final List<Kind> KINDS =
        Stream.of(
                Pictures.kinds(),
                DataSets.kinds(),
                WeightsFiles.kinds(),
                Texts.kinds(),
                Requests.kinds())
            .flatMap(List::stream)
            .toList();
  }

  /** Their names, in the order in which they are tried. */
  public static List<String> names() {
    return All.KINDS.stream().map(Kind::name).toList();
  }

  static Kind named(String name) {
    return All.KINDS.stream()
        .filter(kind -> kind.name().equals(name))
        .findFirst()
        .orElseThrow(() -> NearestName.unknown("kind of input", name, names()));
  }

  /** A small file that comes with the program. */
  static byte[] resource(String name) {
    try (InputStream in = Kinds.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException cannot) {
      throw new UncheckedIOException(cannot);
    }
  }
}
