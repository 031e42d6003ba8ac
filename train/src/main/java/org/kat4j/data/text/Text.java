package org.kat4j.data.text;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An opened text in its parts. Nothing of it is in memory.
 *
 * @param name by which it was asked for
 * @param train what is learnt from
 * @param validation what choices are made by
 * @param test what is judged by in the end, where the set has such a part
 */
public record Text(String name, TextPart train, TextPart validation, Optional<TextPart> test) {
  /** All parts that there are. */
  public List<TextPart> parts() {
    return Stream.concat(Stream.of(train, validation), test.stream()).toList();
  }

  /** Name and sizes on one line. */
  public String describe() {
    String rest = test.map(part -> ", %,d to test with".formatted(part.bytes())).orElse("");
    return "%s: %,d bytes to train with, %,d to validate with%s"
        .formatted(name, train.bytes(), validation.bytes(), rest);
  }

  /** Changes with every byte of the text and with where it is cut. */
  public String checksum() {
    return Utf8.sha256(String.join(" ", parts().stream().map(TextPart::checksum).toList()));
  }
}
