package org.kat4j.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class JsonTableTest {
  @TempDir Path folder;

  private Table read(String name, String text) throws IOException {
    return TableReader.read(Files.writeString(folder.resolve(name), text), Reading.usual());
  }

  @Test
  void objectsInAnArrayOrOneALine() throws IOException {
    String rows = "{\"a\": 1.5, \"w\": \"x\", \"f\": true}\n{\"w\": \"None\", \"a\": NaN}";
    for (Table table :
        List.of(
            read("t.json", "[" + rows.replace("\n", ",") + "]"),
            read("t.jsonl", rows),
            read("b.ndjson", "\ufeff" + rows),
            read("b.json", "\ufeff[" + rows.replace("\n", ",") + "]"))) {
      assertThat(table.columnNames()).containsExactly("a", "w", "f");
      assertThat(table.numbers("a")).containsExactly(1.5, Double.NaN);
      assertThat(((Column.Categories) table.column("w")).codes()).containsExactly(0, -1);
      assertThat(table.column("f").missing()).isEqualTo(1);
    }
  }

  @Test
  void otherShapesAreRefusedWithTheRightOne() throws IOException {
    for (String text :
        List.of(
            "{\"a\": {\"0\": 1}}",
            "{\"columns\": [\"a\"], \"data\": [[1]]}",
            "[[1, 2]]",
            "[]",
            "{}",
            "3",
            "\"text\"")) {
      assertThatThrownBy(() -> read("t.json", text))
          .as(text)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("orient='records'");
    }
    assertThatThrownBy(() -> read("t.json", "[{\"a\": 1},\n{\"a\": }]"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no JSON in line 2");
    assertThatThrownBy(() -> read("t.json", "[{\"a\": 1}"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("t.json: no JSON");
    Path nested = Files.writeString(folder.resolve("n.json"), "[{\"a\": [1], \"b\": 2}]");
    assertThat(TableReader.read(nested, Reading.usual().withoutColumns(Set.of("a"))).columnNames())
        .containsExactly("b");
  }
}
