package org.kat4j.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kat4j.error.UserException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;
import tools.jackson.dataformat.yaml.util.StringQuotingChecker;

/** Reads and writes spec records as YAML and JSON. */
public final class Config {
  private static final int MAX_FILE_BYTES = 1 << 20;

  private static final ObjectMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .stringQuotingChecker(new QuotedNumbers())
                  .build())
          .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
          .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
          .build();
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private Config() {}

  /** A text such as 1e3 or 007 must not come back as another number. */
  private static final class QuotedNumbers extends StringQuotingChecker.Default {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean needToQuoteValue(String text) {
      boolean likeNumber = !text.isEmpty() && "+-.0123456789".indexOf(text.charAt(0)) >= 0;
      return likeNumber || super.needToQuoteValue(text);
    }
  }

  /** The tree of a YAML file; an empty file is an empty tree. */
  public static ObjectNode readTree(Path file) {
    return parse(readText(file), file.toString());
  }

  /** The tree of a JSON file. */
  public static ObjectNode readJson(Path file) {
    return parseJson(readText(file), file.toString());
  }

  private static String readText(Path file) {
    try (InputStream bytes = Files.newInputStream(file)) {
      // Read, not asked for: a device or pipe has no size.
      byte[] read = bytes.readNBytes(MAX_FILE_BYTES + 1);
      if (read.length > MAX_FILE_BYTES) {
        throw new UserException(file + ": larger than a configuration can be (1 MiB)");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(read)).toString();
    } catch (NoSuchFileException missing) {
      throw new UserException(file + ": there is no such file", missing);
    } catch (CharacterCodingException binary) {
      throw new UserException(file + ": this is not a UTF-8 text", binary);
    } catch (IOException failed) {
      throw new UserException(file + ": cannot be read: " + failed.getMessage(), failed);
    }
  }

  /** The tree of a YAML text. */
  public static ObjectNode parse(String text, String source) {
    return parse(YAML, "YAML", text, source);
  }

  /** The tree of a JSON text, which is faster to read. */
  public static ObjectNode parseJson(String text, String source) {
    return parse(JSON, "JSON", text, source);
  }

  private static ObjectNode parse(ObjectMapper mapper, String kind, String text, String source) {
    try {
      JsonNode tree = mapper.readTree(text);
      if (tree == null || tree.isMissingNode() || tree.isNull()) {
        return JsonNodeFactory.instance.objectNode();
      }
      if (tree instanceof ObjectNode object) {
        return object;
      }
      throw new UserException(
          source + ": keys and values are expected, not a " + tree.getNodeType());
    } catch (JacksonException broken) {
      throw new UserException(source + ": not valid " + kind + ": " + firstLine(broken), broken);
    }
  }

  private static String firstLine(JacksonException broken) {
    String where =
        broken.getLocation() == null ? "" : "line " + broken.getLocation().getLineNr() + ": ";
    return where + broken.getOriginalMessage().lines().findFirst().orElse("");
  }

  /**
   * Sets {@code path=value} in a tree, as {@code --set optimizer.lr=5e-4} does. A value in quotes,
   * brackets or braces is YAML, one that reads as a number, a truth value or null is that, and
   * anything else is the text itself: {@code data # 1} has no comment.
   */
  public static void set(ObjectNode tree, String assignment) {
    int equals = assignment.indexOf('=');
    if (equals < 1) {
      throw new UserException(
          "--set " + assignment + ": key=value is expected, for example optimizer.lr=5e-4");
    }
    try {
      put(tree, assignment.substring(0, equals), value(assignment.substring(equals + 1)));
    } catch (JacksonException broken) {
      throw new UserException("--set " + assignment + ": " + firstLine(broken), broken);
    }
  }

  private static JsonNode value(String text) {
    String plain = text.strip();
    boolean yaml = !plain.isEmpty() && "'\"[{".indexOf(plain.charAt(0)) >= 0;
    if (yaml || plain.isEmpty()) {
      return YAML.readTree(text);
    }
    if (plain.matches("[-+.\\w~]+")) {
      JsonNode word = YAML.readTree(text);
      if (!word.isString()) {
        return word;
      }
    }
    return JsonNodeFactory.instance.stringNode(text);
  }

  /** Sets the value at a path such as {@code optimizer.lr}; objects on the way are made. */
  public static void put(ObjectNode tree, String path, JsonNode value) {
    List<String> keys = List.of(path.split("\\.", -1));
    ObjectNode node = tree;
    for (String key : keys.subList(0, keys.size() - 1)) {
      JsonNode child = node.get(key);
      if (child != null && child.isString()) {
        // model: kat_tiny, then --set model.depth=3
        node = node.putObject(key).put("preset", child.stringValue());
      } else {
        node = child instanceof ObjectNode object ? object : node.putObject(key);
      }
    }
    node.set(keys.getLast(), value);
  }

  /**
   * The default record with everything replaced that the tree gives; {@code source} is named in
   * errors.
   */
  public static <T extends Record> T bind(ObjectNode tree, T defaults, String source) {
    return new Binder(source).bind(tree, defaults);
  }

  /** A spec of a sealed interface from its JSON text, as stored in the metadata of weights. */
  public static <T> T fromJson(String json, Class<T> type, String source) {
    try {
      return type.cast(new Binder(source).bindWithout(JSON.readTree(json), type));
    } catch (JacksonException broken) {
      throw new UserException(source + ": not valid JSON: " + firstLine(broken), broken);
    }
  }

  /** Texts as a JSON list on one line. */
  public static String toJson(List<String> texts) {
    return JSON.writeValueAsString(texts);
  }

  /** The texts of such a list; empty where it is none. */
  public static Optional<List<String>> texts(String json) {
    if (!json.startsWith("[")) {
      return Optional.empty();
    }
    try {
      JsonNode list = JSON.readTree(json);
      return list.isArray() && list.valueStream().allMatch(JsonNode::isString)
          ? Optional.of(list.valueStream().map(JsonNode::stringValue).toList())
          : Optional.empty();
    } catch (JacksonException none) {
      return Optional.empty();
    }
  }

  /** The complete tree of a record. */
  public static ObjectNode tree(Record record) {
    return Binder.unbind(record);
  }

  /** What a record is called where a configuration chooses it. */
  public static String kindOf(Record record) {
    Kind kind = record.getClass().getAnnotation(Kind.class);
    if (kind == null) {
      throw new IllegalArgumentException(record.getClass() + " has no kind");
    }
    return kind.value();
  }

  /** A tree as JSON on one line. */
  public static String toJson(ObjectNode tree) {
    return JSON.writeValueAsString(tree);
  }

  /** The complete record as JSON on one line. */
  public static String toJson(Record record) {
    return JSON.writeValueAsString(Binder.unbind(record));
  }

  /** A tree as indented JSON. */
  public static String toIndentedJson(ObjectNode tree) {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree) + "\n";
  }

  /** The complete record as YAML, defaults filled in. */
  public static String toYaml(Record record) {
    return YAML.writeValueAsString(Binder.unbind(record));
  }
}
