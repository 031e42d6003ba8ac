package org.kat4j.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;

/** Text tables as people have them: names, separators, marks, encodings. */
class TextTableTest {
  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();

  private Table read(String text, Reading reading) throws IOException {
    return TableReader.read(Files.writeString(folder.resolve("t.csv"), text), reading, notes::add);
  }

  private Table read(String text) throws IOException {
    return read(text, Reading.usual());
  }

  private Table read(byte[] bytes) throws IOException {
    return TableReader.read(
        Files.write(folder.resolve("t.csv"), bytes), Reading.usual(), notes::add);
  }

  @Test
  void anIndexWithoutANameIsLeftOutWithAWord() throws IOException {
    assertThat(read(",a,y\n0,1.5,hi\n1,2.5,lo\n2,3,hi\n").columnNames()).containsExactly("a", "y");
    assertThat(notes)
        .containsExactly(
            "column 1 has no name and counts the rows: left out; give it a name to keep it");
    notes.clear();
    assertThat(read(",a,y\n7,1.5,hi\n3,2.5,lo\n").columnNames())
        .containsExactly("column1", "a", "y");
    assertThat(notes).containsExactly("column 1 has no name: it is called 'column1'");
  }

  @Test
  void aLastSeparatorMakesNoColumn() throws IOException {
    assertThat(read("a,y,\n1,u,\n2,v,\n").columnNames()).containsExactly("a", "y");
    assertThat(notes).containsExactly("column 3 has neither a name nor values: left out");
    assertThat(read("a,y\n1,u,\n2,v,\n").columnNames()).containsExactly("a", "y");
  }

  @Test
  void namesMayBeNumbers() throws IOException {
    assertThat(read("0,1,target\n4.5,0.6,8.4\n9.2,-0.3,1.8\n").columnNames())
        .containsExactly("0", "1", "target");
    String years = "2019,2020,2021\n4.5,0.6,8.4\n9.2,-0.3,1.8\n";
    assertThat(read(years, Reading.usual().withTarget("2021")).columnNames())
        .containsExactly("2019", "2020", "2021");
    notes.clear();
    assertThat(read(years).columnNames()).containsExactly("column1", "column2", "column3");
    assertThat(notes).singleElement().asString().contains("--header yes");
    assertThat(read(years, Reading.usual().withHeader(Reading.Header.YES)).rows()).isEqualTo(2);
    assertThat(read("a,y\nu,v\n", Reading.usual().withHeader(Reading.Header.NO)).rows())
        .isEqualTo(2);
    notes.clear();
    assertThat(read("red,low\nblue,high\n").rows()).isEqualTo(1);
    assertThat(notes).singleElement().asString().contains("--header no");
  }

  @Test
  void rLeavesOutTheNameOfTheRowsNames() throws IOException {
    Table table = read("a\ty\nr1\t1\tu\nr2\t2\tv\n");
    assertThat(table.columnNames()).containsExactly("column1", "a", "y");
  }

  @Test
  void separatorsInQuotesAreText() throws IOException {
    Table table = read("\"a, mm\";\"b, mm\"\n4.5;1\n9.2;2\n");
    assertThat(table.columnNames()).containsExactly("a, mm", "b, mm");
    assertThat(read("\"a;b;c\",y\n1,2\n3,4\n").numbers("a;b;c")).containsExactly(1, 3);
    // No names: only what the cells hold tells the two apart.
    assertThat(read("4,5;1,5\n9,2;2,5\n").numbers("column2")).containsExactly(1.5, 2.5);
  }

  @Test
  void namesFollowTheRulesOfCells() throws IOException {
    Table table = read("\"a\r\n(mm)\",\"say \"\"b\"\"\",y\n1,2,u\n3,4,v\n");
    assertThat(table.columnNames()).containsExactly("a⏎(mm)", "say \"b\"", "y");
    assertThat(table.numbers("a\n(mm)")).containsExactly(1, 3);
    Table words = read("a,\"\u001b]0;x\u0007\"\n1,\"u\nv\"\n2,w\n");
    assertThat(words.columnNames()).containsExactly("a", "␛]0;x␇");
    assertThat(((Column.Categories) words.columns().get(1)).levels()).containsExactly("u⏎v", "w");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "?", "-", ".", "\\N", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan",
        "NULL", "null", "None", "none"
      })
  void marksMeanNoValueAmongNumbersAndWords(String mark) throws IOException {
    Table table = read("a,w,y\n1,red,0\n%1$s,blue,1\n3,%1$s,0\n4,%1$s,1\n".formatted(mark));
    assertThat(table.column("a").missing()).isEqualTo(1);
    assertThat(((Column.Categories) table.column("w")).codes()).containsExactly(1, 0, -1, -1);
    assertThat(notes)
        .isEqualTo(
            mark.isBlank()
                ? List.of()
                : List.of(
                    "taken as missing: '%s', 1 in 'a', 2 in 'w' (--missing-marks names other texts)"
                        .formatted(mark)));
  }

  @Test
  void otherMarksReplaceTheUsualOnes() throws IOException {
    Table table = read("a,w\n1,None\n-9,x\n", Reading.usual().withMissing(List.of("-9")));
    assertThat(((Column.Categories) table.column("w")).levels()).containsExactly("None", "x");
    assertThat(read("a,y\n1,+\n2,-\n").column("y").missing()).isZero();
  }

  @Test
  void encodingsAreSeenAndSaid() throws IOException {
    String text = "größe,w\n1,é\n2,x\n";
    assertThat(read(("\ufeff" + text).getBytes(StandardCharsets.UTF_8)).columnNames())
        .containsExactly("größe", "w");
    assertThat(notes).isEmpty();
    for (Charset wide : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      notes.clear();
      assertThat(read(("\ufeff" + text).getBytes(wide)).columnNames())
          .containsExactly("größe", "w");
      assertThat(notes).containsExactly("read as UTF-16");
    }
    notes.clear();
    assertThat(read(text.getBytes(StandardCharsets.ISO_8859_1)).columnNames())
        .containsExactly("größe", "w");
    assertThat(notes).containsExactly("read as Windows-1252, since it is not UTF-8");
  }

  @Test
  void linesAroundTheTableAreNoRows() throws IOException {
    assertThat(read("sep=;\na;b\n1;2\n").columnNames()).containsExactly("a", "b");
    assertThat(read("My table\n\na,b\n1,2\n3,4\n").rows()).isEqualTo(2);
    assertThat(notes).containsExactly("line 1, 'My table', is no row of the table: left out");
    notes.clear();
    assertThat(read("# by me, today, here\na,b\n1,2\n# more\n3,4\n,\n\n\u001a").rows())
        .isEqualTo(2);
    assertThat(notes)
        .containsExactly(
            "line 1, '# by me today here', is no row of the table: left out",
            "1 line that begins with # is left out",
            "1 line without any value is left out");
    assertThat(read("a,b\r1,2\r3,4\r").rows()).isEqualTo(2);
  }

  @Test
  void anotherKindOfFileIsNamed() {
    for (String start :
        List.of(
            "PK\3\4 zip",
            "\u00D0\u00CF\u0011\u00E0 Excel",
            "BZh bzip2",
            "PAR1 Parquet",
            "%PDF PDF",
            "<!doctype html> web page",
            "version https://git-lfs.github.com LFS")) {
      String kind = start.substring(start.lastIndexOf(' ') + 1);
      assertThatThrownBy(() -> read(start.getBytes(StandardCharsets.ISO_8859_1)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("t.csv: this is ")
          .hasMessageContaining(kind);
    }
  }

  @Test
  void raggedAndUnclosedLinesAreNamed() {
    assertThatThrownBy(() -> read("a,b\n1,2\n\n3\n")).hasMessageContaining("line 4 has 1 cell");
    assertThatThrownBy(() -> read("a,b\n\"x\ny\",2\n3,4,5\n"))
        .hasMessageContaining("line 4 has 3 cells");
    assertThatThrownBy(() -> read("a,b\n1,\"2\n3,4\n"))
        .hasMessageContaining("a quote that opens in line 2 is not closed");
    assertThatThrownBy(() -> read("a,b\n1,\"2\"x\n"))
        .hasMessageContaining("line 2 has text behind");
  }

  @Test
  void anEndedFormatOfDigitsChangesNothing() throws IOException {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertThat(
              read("a,b\n1,2.5\n3,x7\n", Reading.usual().withMissing(List.of("x7"))).numbers("b"))
          .containsExactly(2.5, Double.NaN);
      assertThatThrownBy(() -> read("a,b\n1,2\n3\n")).hasMessageContaining("line");
    } finally {
      Locale.setDefault(before);
    }
  }
}
