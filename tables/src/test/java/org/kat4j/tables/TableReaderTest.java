package org.kat4j.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.List;
import java.util.Properties;
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

  /** Names that DuckDB would take for patterns or for folders of parts. */
  @Test
  void parquetUnderAnyName() throws Exception {
    for (String name : List.of("t.parquet", "t[1].parquet", "a*b?.parquet", "x=1/t.PARQUET")) {
      Path parquet = folder.resolve(name);
      Files.createDirectories(parquet.getParent());
      try (Connection duck = DuckLibrary.connect(new Properties());
          PreparedStatement copy =
              duck.prepareStatement(
                  "COPY (SELECT i::INT AS n, 'w' || (i % 2) AS w, DATE '2024-01-01' AS d FROM"
                      + " range(5) r(i)) TO '"
                      + parquet
                      + "' (FORMAT parquet)")) {
        copy.execute();
      }
      assertThatThrownBy(() -> TableReader.read(parquet, Reading.usual()))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("column 'd' holds DATE");
      Table table = TableReader.read(parquet, Reading.usual().withoutColumns(Set.of("d")));
      assertThat(table.columnNames()).containsExactly("n", "w");
      assertThat(table.numbers("n")).containsExactly(0, 1, 2, 3, 4);
      assertThat(((Column.Categories) table.column("w")).codes()).containsExactly(0, 1, 0, 1, 0);
    }
  }

  /** 72 MB in the temporary folder for each run, left there by those that are killed. */
  @Test
  void theLibraryIsNotUnpackedIntoTheTemporaryFolder() throws Exception {
    try (Connection duck = DuckLibrary.connect(new Properties())) {
      assertThat(duck.getClass().getClassLoader()).isInstanceOf(DuckLibrary.class);
      Path maps = Path.of("/proc/self/maps");
      assumeThat(maps).exists();
      assertThat(Files.readString(maps))
          .contains("/libduckdb_java.so_")
          .doesNotContain(System.getProperty("java.io.tmpdir") + "/libduckdb_java");
    }
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
    Reading two = Reading.usual().withMaxRows(2);
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
