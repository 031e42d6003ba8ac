package org.kat4j.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

class TableReaderTest {
  @TempDir Path folder;

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Table read(String text) throws IOException {
    return TableReader.read(write("t.csv", text), Reading.usual());
  }

  @Test
  void numbersWordsAndMissingValues() throws IOException {
    Table table = read("\"age\",sex,note\n40,M,a\n?,F,\n3.5e1,M,b\n");
    assertThat(table.columnNames()).containsExactly("age", "sex", "note");
    assertThat(table.numbers("age")).containsExactly(40, Double.NaN, 35);
    assertThat(table.column("age").missing()).isEqualTo(1);
    assertThat(table.column("note").missing()).isEqualTo(1);
    Column.Categories sex = (Column.Categories) table.column("sex");
    assertThat(sex.levels()).containsExactly("F", "M");
    assertThat(sex.codes()).containsExactly(1, 0, 1);
  }

  @Test
  void aFileWithoutNamesStartsWithValues() throws IOException {
    assertThat(read("M,0.4\nF,0.5\n").columnNames()).containsExactly("column1", "column2");
  }

  @Test
  void semicolonsTabsAndGzip() throws IOException {
    assertThat(read("a;b\n1;2\n").numbers("b")).containsExactly(2);
    assertThat(TableReader.read(write("t.tsv", "a\tb\n1\t2\n"), Reading.usual()).numbers("a"))
        .containsExactly(1);
    Path zipped = folder.resolve("t.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write("a,b\n1,2\n".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(TableReader.read(zipped, Reading.usual()).numbers("b")).containsExactly(2);
  }

  @Test
  void parquetAndJson() throws Exception {
    Path parquet = folder.resolve("t.parquet");
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
        PreparedStatement copy =
            duck.prepareStatement(
                "COPY (SELECT i::INT AS n, 'w' || (i % 2) AS w FROM range(5) r(i)) TO '"
                    + parquet
                    + "' (FORMAT parquet)")) {
      copy.execute();
    }
    Table table = TableReader.read(parquet, Reading.usual());
    assertThat(table.numbers("n")).containsExactly(0, 1, 2, 3, 4);
    assertThat(((Column.Categories) table.column("w")).codes()).containsExactly(0, 1, 0, 1, 0);
    Path json = write("t.json", "[{\"a\": 1.5, \"b\": \"x\"}, {\"a\": null, \"b\": \"y\"}]");
    assertThat(TableReader.read(json, Reading.usual()).numbers("a"))
        .containsExactly(1.5, Double.NaN);
    Path nested = write("n.json", "[{\"a\": {\"b\": 1}}]");
    assertThatThrownBy(() -> TableReader.read(nested, Reading.usual()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("column 'a' holds STRUCT");
  }

  @Test
  void textInANumberColumnNamesTheRow() throws IOException {
    Path mixed = write("m.csv", "a,b\n1,2\n3,x7\n5,6\n");
    assertThatThrownBy(() -> TableReader.read(mixed, Reading.usual()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("column 'b' holds numbers, but row 2 is 'x7'");
    Table asWords = TableReader.read(mixed, Reading.usual().withCategories(Set.of("b")));
    assertThat(((Column.Categories) asWords.column("b")).levels()).containsExactly("2", "6", "x7");
    Table asMissing = TableReader.read(mixed, Reading.usual().withMissing(List.of("x7")));
    assertThat(asMissing.numbers("b")).containsExactly(2, Double.NaN, 6);
  }

  @Test
  void linesMayEndInTwoWays() throws IOException {
    Path both = write("both.csv", "a,b\n1,x\r\n2,y\r\n3,\"x\"\n");
    Table table = TableReader.read(both, Reading.usual());
    assertThat(table.numbers("a")).containsExactly(1, 2, 3);
    assertThat(((Column.Categories) table.column("b")).levels()).containsExactly("x", "y");
  }

  @Test
  void brokenFilesAreRefusedInOneLine() throws IOException {
    List<Path> broken =
        List.of(
            write("short.csv", "a,b\n1,2\n3\n"),
            write("long.csv", "a,b\n1,2\n3,4,5\n"),
            write("empty.csv", ""),
            write("names.csv", "a,b\n"),
            write("twice.csv", "a,a\n1,2\n"),
            write("quote.csv", "\"a,b\n1,2\n"),
            write("ends.csv", "a,b\r\n1,\"2\n3,4\n"),
            write("infinite.csv", "a,b\n1,2\n3,inf\n"),
            write("bad.parquet", "PAR1 not a parquet file"),
            write("bad.json", "{\"a\": "),
            folder.resolve("none.csv"),
            folder);
    for (Path file : broken) {
      assertThatThrownBy(() -> TableReader.read(file, Reading.usual()))
          .as("%s", file)
          .isInstanceOf(UserException.class)
          .hasMessageContaining(file.getFileName().toString())
          .message()
          .doesNotContain("\n");
    }
  }

  @Test
  void moreRowsThanAllowedAreRefused() throws IOException {
    Path file = write("r.csv", "a\n1\n2\n3\n");
    Reading two = new Reading(List.of(), List.of(), Set.of(), 2);
    assertThatThrownBy(() -> TableReader.read(file, two))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("more than 2 rows");
  }

  @Test
  void namesWithQuotesAndPatternsAreOnlyNames() throws IOException {
    write("other.csv", "a\n9\n");
    Table table =
        TableReader.read(
            write("o'[a-z] \"x\".csv", "a') DROP TABLE t --,b\n1,2\n"), Reading.usual());
    assertThat(table.columnNames()).containsExactly("a') DROP TABLE t --", "b");
    assertThat(table.rows()).isEqualTo(1);
    assertThatThrownBy(() -> TableReader.read(folder.resolve("*.csv"), Reading.usual()))
        .isInstanceOf(UserException.class);
  }

  @Test
  void anUnknownColumnNamesTheNearest() throws IOException {
    Table table = read("age,sex\n1,2\n");
    assertThatThrownBy(() -> table.column("Age"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("did you mean 'age'");
  }

  @Test
  void theRegistrySaysWhatIsMissing() {
    assertThat(KnownTables.all()).hasSizeGreaterThan(10);
    assertThatThrownBy(() -> KnownTables.open("iris", folder))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("iris/iris.csv");
    assertThatThrownBy(() -> KnownTables.open("irs", folder)).hasMessageContaining("'iris'");
  }
}
