package org.kat4j.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.error.UserException;

/** Numbers and dates as people write them: read, or refused by name, and never words in silence. */
class NotationTest {
  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();

  private Table read(String name, String text) throws IOException {
    return TableReader.read(
        Files.writeString(folder.resolve(name), text), Reading.usual(), notes::add);
  }

  private static String column(String pattern) {
    StringBuilder text = new StringBuilder("a\ty\n");
    for (int i = 2; i < 9; i++) {
      text.append(pattern.replace("7", "" + i)).append('\t').append(i % 2).append('\n');
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7 %",
        "7%",
        "7.5‰",
        "$7",
        "7.50 €",
        "€ 7,50",
        "US$7",
        "CHF 7",
        "7 EUR",
        "7\u00a0000",
        "1'007",
        "1,007,000",
        "1.007,5",
        "1 007.5",
        "7.1D+00",
        "7x10^3",
        "7.1×10-3",
        "'7.5'",
        "”7”",
        "=\"7\"",
        "−7.5",
        "(7.50)",
        "<7",
        ">= 7",
        "~7",
        "7/4",
        "7+2j",
        "0x7F",
        "7.5 ± 0.1",
        "7.5(2)",
        "7 kg",
        "7.1 m/s²",
        "7k",
        "٧٧.٧",
        "7½",
        "7°",
        "7_000"
      })
  void otherNotationsAreRefusedByName(String pattern) {
    String quoted = "\"" + pattern.replace("\"", "\"\"") + "\"";
    assertThatThrownBy(() -> read("t.tsv", column(quoted)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("column 'a' looks like numbers in another notation: ")
        .hasMessageContaining("--categories a")
        .message()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2024-01-07",
        "7.12.2024",
        "12/7/24",
        "2024/1/7",
        "2024-07",
        "12:17",
        "1:27:30 pm",
        "2024-01-07 10:00",
        "2024-01-07T10:00:00.5Z",
        "7 Jan 2024",
        "Jan 7, 2024",
        "07-Mar-24"
      })
  void datesAndTimesAreRefusedByName(String pattern) {
    assertThatThrownBy(() -> read("t.tsv", column(pattern)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("column 'a' holds dates or times: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"70-79", "B7", "row 7", "1.2.7", "7-up of 7", "Q7 2024", "v7", "#7a"})
  void namesWithDigitsStayWords(String pattern) throws IOException {
    assertThat(read("t.tsv", column(pattern)).column("a")).isInstanceOf(Column.Categories.class);
  }

  @Test
  void fewAmountsWithLettersAreNames() throws IOException {
    String text = "a,b,y\n2D,4wd,0\n3D,fwd,1\n2D,rwd,0\n";
    assertThat(((Column.Categories) read("t.csv", text).column("a")).levels())
        .containsExactly("2D", "3D");
    Table asWords =
        TableReader.read(
            Files.writeString(folder.resolve("w.tsv"), column("7 %")),
            Reading.usual().withCategories(Set.of("a")));
    assertThat(((Column.Categories) asWords.column("a")).levels()).hasSize(7);
    Table without =
        TableReader.read(folder.resolve("w.tsv"), Reading.usual().withoutColumns(Set.of("a")));
    assertThat(without.columnNames()).containsExactly("y");
  }

  @Test
  void aDecimalCommaIsReadWhereCellsDoNotEndAtOne() throws IOException {
    for (char separator : new char[] {';', '\t', '|'}) {
      notes.clear();
      Table table =
          read("t.csv", "a;b;y\n4,5;-1,5e2;0\n9;,5;1\n-0,25;3;0\n".replace(';', separator));
      assertThat(table.numbers("a")).containsExactly(4.5, 9, -0.25);
      assertThat(table.numbers("b")).containsExactly(-150, 0.5, 3);
      assertThat(notes).containsExactly("numbers with a decimal comma in a, b");
    }
    assertThatThrownBy(() -> read("t.csv", "a,y\n\"4,5\",0\n\"9,1\",1\n"))
        .hasMessageContaining("decimal comma: '4,5', '9,1'");
    assertThatThrownBy(() -> read("t.csv", "a;y\n4,5;0\n9.1;1\n"))
        .hasMessageContaining("with a decimal comma and with a point, such as '9.1'");
  }

  @Test
  void blanksOfEveryWidthAroundANumberAreNone() throws IOException {
    assertThat(read("t.csv", "a,y\n\u00a04.5\u202f,0\n\u200b9 ,1\n\" 1e3 \",0\n").numbers("a"))
        .containsExactly(4.5, 9, 1000);
  }
}
