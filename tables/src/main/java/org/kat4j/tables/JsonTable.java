package org.kat4j.tables;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * A table from JSON: objects of the same keys, in an array or one after the other. Values are
 * numbers, text, booleans or null; a key that an object lacks is a missing value.
 */
final class JsonTable {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build(); // Python's

  private static final String WANTED =
      "a table in JSON is [{\"name\": value, …}, …] or one object a line; pandas writes it by"
          + " to_json(orient='records')";

  private JsonTable() {}

  static Table read(TextFile text, Reading reading, Consumer<String> notes) throws IOException {
    try (BufferedReader whole = text.open();
        JsonParser json = JSON.createParser(tools.jackson.core.ObjectReadContext.empty(), whole)) {
      List<Map<String, @Nullable Object>> rows = rows(json, reading);
      List<String> names = rows.stream().flatMap(row -> row.keySet().stream()).distinct().toList();
      if (names.isEmpty()) {
        throw new UserException("there are no rows: " + WANTED);
      }
      Columns columns = new Columns(names, reading, notes);
      for (Map<String, @Nullable Object> row : rows) {
        for (int i = 0; i < names.size(); i++) {
          add(columns.at(i), row.get(names.get(i)));
        }
        columns.endRow();
      }
      return columns.table(text.file().getFileName().toString(), false);
    } catch (JacksonException e) {
      throw new UserException(
          "no JSON in line %d, column %d: %s"
              .formatted(
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr(),
                  e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    }
  }

  private static void add(@Nullable ColumnBuilder builder, @Nullable Object value) {
    if (builder == null) {
      return;
    }
    switch (value) {
      case null -> builder.addNothing();
      case Double number -> builder.add(number.doubleValue());
      case String word -> builder.add(word.strip());
      default -> throw new IllegalStateException("" + value);
    }
  }

  /** Values are null, doubles and strings. */
  private static List<Map<String, @Nullable Object>> rows(JsonParser json, Reading reading) {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    JsonToken token = json.nextToken();
    boolean array = token == JsonToken.START_ARRAY;
    if (array) {
      token = json.nextToken();
    }
    while (token != null && token != JsonToken.END_ARRAY) {
      if (token != JsonToken.START_OBJECT) {
        throw new UserException("row %d is no object: %s".formatted(rows.size() + 1, WANTED));
      }
      if (rows.size() == reading.maxRows()) {
        throw new UserException("more than %,d rows; take a part of it".formatted(rows.size()));
      }
      rows.add(row(json, rows.size() + 1, reading));
      token = json.nextToken();
    }
    return rows;
  }

  private static Map<String, @Nullable Object> row(JsonParser json, int row, Reading reading) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName().intern();
      JsonToken token = json.nextToken();
      switch (token) {
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> values.put(name, json.getDoubleValue());
        case VALUE_STRING -> values.put(name, json.getString());
        case VALUE_TRUE -> values.put(name, "true");
        case VALUE_FALSE -> values.put(name, "false");
        case VALUE_NULL -> values.putIfAbsent(name, null);
        default -> {
          if (!reading.drop().contains(name)) {
            throw new UserException(
                "row %d: '%s' holds %s, no single value: %s"
                    .formatted(
                        row,
                        name,
                        token == JsonToken.START_OBJECT ? "an object" : "a list",
                        WANTED));
          }
          json.skipChildren();
          values.put(name, null);
        }
      }
    }
    return values;
  }
}
