package org.kat4j.data.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

@NullMarked
class TextSourcesTest {
  @TempDir private Path folder = Path.of("");

  private Path write(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private void zip(String name, String content) throws IOException {
    Path file = write(name, "");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("text"));
      zip.write(content.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String read(TextPart part) {
    var text = new StringBuilder();
    part.forEachPiece(text::append);
    return text.toString();
  }

  private static void isRefused(Path path, String message) {
    assertThatThrownBy(() -> TextSources.open(path.toString(), null))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theLastTenthOfTheCharactersIsForValidation() throws Exception {
    // 11 characters: int(0.9 * 11) = 9 of them, whatever number of bytes they have
    Text text = TextSources.open(write("a.txt", "é👍34567👍9 é").toString(), null);

    assertThat(read(text.train())).isEqualTo("é👍34567👍9");
    assertThat(read(text.validation())).isEqualTo(" é");
    assertThat(text.train().bytes()).isEqualTo(16);
    assertThat(text.validation().bytes()).isEqualTo(3);
    assertThat(text.test()).isEmpty();
  }

  @Test
  void aLongTextIsCutWhereItIsCutInMemory() throws Exception {
    String content = "aé👍\n".repeat(60_000);
    Text text = TextSources.open(write("a.txt", content).toString(), null);

    int end = content.offsetByCodePoints(0, (int) (0.9 * 240_000));
    assertThat(read(text.train())).isEqualTo(content.substring(0, end));
    assertThat(read(text.validation())).isEqualTo(content.substring(end));
  }

  @Test
  void filesOfAFolderAreJoinedInTheOrderOfTheirPaths() throws Exception {
    write("b.txt", "5678");
    write("a/z.txt", "34");
    write("a/a.txt", "12");
    write("empty.txt", "");
    write(".hidden", "no");
    write(".git/no.txt", "no");
    write("c", "90");
    Text text = TextSources.open(folder.toString(), null);

    assertThat(read(text.train())).isEqualTo("123456789");
    assertThat(read(text.validation())).isEqualTo("0");
  }

  @Test
  void foldersTrainAndValAreTheParts() throws Exception {
    write("train/a", "learn");
    isRefused(folder, "none with the name val");
    write("val/a", "choose");
    Text text = TextSources.open(folder.toString(), null);
    assertThat(read(text.train())).isEqualTo("learn");
    assertThat(read(text.validation())).isEqualTo("choose");
    assertThat(text.test()).isEmpty();

    write("test/a", "judge");
    assertThat(TextSources.open(folder.toString(), null).test().map(TextSourcesTest::read))
        .contains("judge");
  }

  @Test
  void publishedTextsAreFoundByNameUnpackedOrNot() throws Exception {
    write("text-shakespeare/input.txt", "0123456789");
    assertThat(read(TextSources.open("tiny-shakespeare", folder).validation())).isEqualTo("9");

    zip("text-wikitext2/wiki.train.tokens.zip", "learn");
    zip("text-wikitext2/wiki.valid.tokens.zip", "choose");
    write("text-wikitext2/wiki.test.tokens", "judge");
    Text text = TextSources.open("wikitext-2", folder);
    assertThat(text.parts())
        .extracting(TextSourcesTest::read)
        .containsExactly("learn", "choose", "judge");
    assertThat(text.describe())
        .isEqualTo("wikitext-2: 5 bytes to train with, 6 to validate with, 5 to test with");
  }

  @Test
  void aMarkOfTheEncodingIsNoText() throws Exception {
    Text text = TextSources.open(write("a.txt", "\uFEFF0123456789").toString(), null);
    assertThat(read(text.train())).isEqualTo("012345678");
    assertThat(text.train().bytes()).isEqualTo(9);
    isRefused(write("b.txt", "\uFEFF"), "the text is empty");
  }

  @Test
  void theChecksumIsThatOfContentAndParts() throws Exception {
    String first = TextSources.open(write("a.txt", "0123456789").toString(), null).checksum();
    String same = TextSources.open(write("b.txt", "0123456789").toString(), null).checksum();
    String other = TextSources.open(write("b.txt", "0123456780").toString(), null).checksum();

    assertThat(same).isEqualTo(first);
    assertThat(other).isNotEqualTo(first);
  }

  @Test
  void whatIsNoTextIsNamed() throws Exception {
    isRefused(folder, "no files in it");
    isRefused(folder.resolve("nothing"), "is neither a known name nor a file or folder");
    isRefused(write("empty.txt", ""), "the text is empty");

    byte[] latin = "x".repeat(70_000).getBytes(StandardCharsets.US_ASCII);
    latin[65_540] = (byte) 0xe9;
    Path file = folder.resolve("latin.txt");
    Files.write(file, latin);
    isRefused(file, "latin.txt: no UTF-8 text: byte 65,540 does not belong to a character");
    isRefused(folder, "latin.txt: no UTF-8 text: byte 65,540");
    Files.write(file, new byte[] {'a', (byte) 0xf0, (byte) 0x9f}); // cut within a character
    isRefused(file, "byte 1 ");
    Files.write(file, new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0xbd}); // half a pair
    isRefused(file, "byte 0 ");
    isRefused(write("broken.zip", "PK\3\4no archive"), "broken.zip: ");
  }
}
