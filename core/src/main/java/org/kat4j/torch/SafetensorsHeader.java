package org.kat4j.torch;

import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.OneLine;
import org.kat4j.error.UserException;
import org.kat4j.torch.Safetensors.Entry;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the JSON header of a safetensors file and believes nothing in it: every offset, shape and
 * size is checked against the bytes that are really there.
 */
final class SafetensorsHeader {
  /** The format's own limit for the header. */
  static final long MAX_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";

  /** Tensors of a file, and entries of its metadata: a hundred times what any model has. */
  private static final int MOST_ENTRIES = 200_000;

  /** libtorch cannot work on tensors of more dimensions. */
  private static final int MAX_DIMENSIONS = 64;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names from outside stay out of a table that lives as long as the process.
          .disable(JsonFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(3) // header, tensor, shape
                  .maxStringLength((int) MAX_BYTES)
                  .build())
          .build();

  private final Path file;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /**
   * Checks a whole header.
   *
   * @param file names the file in messages
   * @param json the bytes of the header, padding included
   * @param dataBytes length of the data that follows it in the file
   * @throws UserException naming the first thing that is wrong
   */
  SafetensorsHeader(Path file, byte[] json, long dataBytes) {
    this.file = file;
    if (json.length == 0 || json[0] != '{') {
      throw invalid(file, "the header does not start with '{'");
    }
    Reader text =
        new InputStreamReader(
            new ByteArrayInputStream(json),
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals(METADATA)) {
          readMetadata(parser);
        } else {
          entries.put(name, readEntry(parser, name));
          checkCount(entries, "it describes more than %d tensors");
        }
      }
      if (parser.nextToken() != null) {
        throw invalid(file, "there is more text after the JSON header");
      }
    } catch (JacksonException e) {
      throw invalid(file, "the header is not sound JSON: " + printable(e.getOriginalMessage()));
    }
    checkTiling(dataBytes);
  }

  Map<String, String> metadata() {
    return metadata;
  }

  /** The tensors by name, in the order of the header. */
  Map<String, Entry> entries() {
    return entries;
  }

  static UserException invalid(Path file, String what) {
    return new UserException(
        printable(file.toString()) + " is not a valid safetensors file: " + what);
  }

  /** Text from a file, made fit for a one-line message. */
  static String printable(String text) {
    String oneLine = OneLine.of(text);
    return oneLine.length() <= 200 ? oneLine : oneLine.substring(0, 200) + "…";
  }

  private void readMetadata(JsonParser parser) {
    expect(parser, JsonToken.START_OBJECT, METADATA + " must be an object of strings");
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      expect(parser, JsonToken.VALUE_STRING, METADATA + " '" + key + "' must be a string");
      metadata.put(key, parser.getString());
      checkCount(metadata, METADATA + " has more than %d entries");
    }
  }

  /** Each entry takes more memory than its bytes in the file. */
  private void checkCount(Map<String, ?> map, String otherwise) {
    if (map.size() > MOST_ENTRIES) {
      throw invalid(file, otherwise.formatted(MOST_ENTRIES));
    }
  }

  private Entry readEntry(JsonParser parser, String name) {
    expect(parser, JsonToken.START_OBJECT, "tensor '" + name + "' must be an object");
    ElementType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "dtype" -> type = readType(parser, name);
        case "shape" -> shape = readSizes(parser, name, field, MAX_DIMENSIONS);
        case "data_offsets" -> offsets = readSizes(parser, name, field, 2);
        default -> throw invalid(name, "has an unknown field '" + field + "'");
      }
    }
    return entry(name, type, shape, offsets);
  }

  private Entry entry(
      String name, @Nullable ElementType type, long @Nullable [] shape, long @Nullable [] offsets) {
    if (type == null || shape == null || offsets == null) {
      throw invalid(name, "needs dtype, shape and data_offsets");
    }
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw invalid(name, "needs data_offsets [begin, end], got " + Arrays.toString(offsets));
    }
    long bytes = bytes(name, type, shape);
    if (offsets[1] - offsets[0] != bytes) {
      throw invalid(
          name,
          "of %s %s takes %d bytes, but its data_offsets span %d"
              .formatted(type, Arrays.toString(shape), bytes, offsets[1] - offsets[0]));
    }
    return new Entry(name, type, shape, offsets[0], offsets[1]);
  }

  /** Bytes of a tensor. Strides must not overflow either, so a 0 among the sizes counts as 1. */
  private long bytes(String name, ElementType type, long[] shape) {
    long product = type.bytes();
    boolean empty = false;
    try {
      for (long size : shape) {
        product = Math.multiplyExact(product, Math.max(size, 1));
        empty |= size == 0;
      }
    } catch (ArithmeticException e) {
      throw invalid(name, "has the impossible shape " + Arrays.toString(shape));
    }
    return empty ? 0 : product;
  }

  private ElementType readType(JsonParser parser, String name) {
    expect(parser, JsonToken.VALUE_STRING, "the dtype of tensor '" + name + "' must be a string");
    String type = parser.getString();
    return ElementType.named(type)
        .orElseThrow(() ->
            invalid(
                name,
                "has dtype '%s'; readable are %s"
                    .formatted(type, Arrays.toString(ElementType.values()))));
  }

  private long[] readSizes(JsonParser parser, String name, String field, int most) {
    String rule = "%s of tensor '%s' must be a list of whole numbers >= 0".formatted(field, name);
    expect(parser, JsonToken.START_ARRAY, rule);
    long[] sizes = new long[most];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(parser, JsonToken.VALUE_NUMBER_INT, rule);
      if (count == most) {
        throw invalid(name, "has more than " + most + " numbers in " + field);
      }
      sizes[count] = parser.getLongValue();
      if (sizes[count] < 0) {
        throw invalid(file, printable(rule));
      }
      count++;
    }
    return Arrays.copyOf(sizes, count);
  }

  /** Ranges must cover the data exactly: no byte twice, no byte unnamed. */
  private void checkTiling(long dataBytes) {
    List<Entry> inOrder =
        entries.values().stream()
            .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
            .toList();
    long covered = 0;
    for (Entry entry : inOrder) {
      if (entry.begin() != covered) {
        throw invalid(
            entry.name(),
            "starts at byte %d of the data, not at %d: tensors overlap or leave a hole"
                .formatted(entry.begin(), covered));
      }
      covered = entry.end();
    }
    if (covered != dataBytes) {
      throw invalid(
          file,
          "the header describes %d bytes of data, the file holds %d (incomplete download?)"
              .formatted(covered, dataBytes));
    }
  }

  private void expect(JsonParser parser, JsonToken token, String otherwise) {
    if (parser.currentToken() != token) {
      throw invalid(file, printable(otherwise));
    }
  }

  private UserException invalid(String tensor, String what) {
    return invalid(file, printable("tensor '" + tensor + "' " + what));
  }
}
