package org.kat4j.data.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.error.UserException;

@NullMarked
class TokenCacheTest {
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000_000_000L);

  @TempDir private Path folder = Path.of("");

  /** Code points as ids: more than two bytes can hold. */
  private static final class CodePoints implements Tokenizer {
    @Override
    public String describe() {
      return "code points";
    }

    @Override
    public int vocabulary() {
      return Character.MAX_CODE_POINT + 1;
    }

    @Override
    public int[] encode(String text) {
      return text.codePoints().toArray();
    }

    @Override
    public String decode(int... ids) {
      return new String(ids, 0, ids.length);
    }

    @Override
    public String checksum() {
      return "code points";
    }

    @Override
    public Map<String, String> metadata() {
      return Map.of();
    }
  }

  private TextPart part(String content) throws IOException {
    return TextSources.open(Files.writeString(folder.resolve("text"), content).toString(), null)
        .train();
  }

  private Tokens open(TextPart part, Tokenizer tokenizer) {
    return new TokenCache(folder.resolve("cache")).open(part, tokenizer);
  }

  private List<Path> cached() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      return files.toList();
    }
  }

  private static long[] all(Tokens tokens) {
    return LongStream.range(0, tokens.size()).map(i -> tokens.get(i)).toArray();
  }

  private static long[] ids(Tokenizer tokenizer, String text) {
    return Arrays.stream(tokenizer.encode(text)).asLongStream().toArray();
  }

  @Test
  void windowsAreCopied() throws Exception {
    Tokens tokens = open(part("é1234567890"), new ByteTokenizer()); // 9 characters, 10 bytes

    assertThat(tokens.size()).isEqualTo(10);
    assertThat(tokens.bytes()).isEqualTo(10);
    long[] window = new long[5];
    tokens.copy(1, 3, window, 2);
    assertThat(window).containsExactly(0, 0, 0xa9, '1', '2');
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(ValueLayout.JAVA_LONG, 3);
      tokens.copy(7, memory);
      assertThat(memory.toArray(ValueLayout.JAVA_LONG)).containsExactly('6', '7', '8');
      assertThatThrownBy(() -> tokens.copy(8, memory))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void bothWidthsHoldALongText() throws Exception {
    String words = "👍 one two\n\nthree é ".repeat(20_000);
    TextPart part = part(words);
    String text = words.substring(0, words.offsetByCodePoints(0, 20_000 * 19 * 9 / 10));
    for (Tokenizer tokenizer : new Tokenizer[] {new ByteTokenizer(), new CodePoints()}) {
      Tokens tokens = open(part, tokenizer);
      assertThat(all(tokens)).isEqualTo(ids(tokenizer, text));
      assertThat(tokens.bytes()).isEqualTo(ids(new ByteTokenizer(), text).length);
    }
    assertThat(cached()).hasSize(2);
  }

  @Test
  void piecesEndWhereWordsEnd() throws Exception {
    var pieces = new ArrayList<String>();
    part(("word ".repeat(9) + "end.\n\nword\n").repeat(3_000)).forEachPiece(pieces::add);

    assertThat(pieces.size()).isGreaterThan(1);
    assertThat(pieces.subList(1, pieces.size())).allMatch(piece -> piece.startsWith("\n"));
    assertThat(pieces.subList(0, pieces.size() - 1)).allMatch(piece -> piece.endsWith("word"));
  }

  @Test
  void aTextIsEncodedOnce() throws Exception {
    TextPart part = part("0123456789");
    long[] first = all(open(part, new ByteTokenizer()));
    Path file = cached().getFirst();
    Files.setLastModifiedTime(file, LONG_AGO);

    assertThat(all(open(part, new ByteTokenizer()))).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(LONG_AGO);
  }

  @Test
  void anEditedTextReplacesItsIds() throws Exception {
    open(part("0123456789"), new ByteTokenizer());
    Tokens edited = open(part("0123x56789"), new ByteTokenizer());

    assertThat(edited.get(4)).isEqualTo('x');
    assertThat(cached()).hasSize(1);
  }

  @Test
  void anotherTokenizerHasIdsOfItsOwn() throws Exception {
    TextPart part = part("éééééééééé");
    Tokens bytes = open(part, new ByteTokenizer());
    Tokens points = open(part, new CodePoints());

    assertThat(bytes.size()).isEqualTo(18);
    assertThat(points.size()).isEqualTo(9);
    assertThat(points.checksum()).isNotEqualTo(bytes.checksum());
  }

  @Test
  void damagedFilesAreWrittenAnew() throws Exception {
    TextPart part = part("0123456789");
    long[] sound = all(open(part, new ByteTokenizer()));
    Path file = cached().getFirst();
    byte[] content = Files.readAllBytes(file);
    assertThat(content).hasSize(128 + 2 * 9);
    for (int place = 0; place < content.length; place += 5) {
      byte[] damaged = content.clone();
      damaged[place] ^= 4;
      Files.write(file, damaged);
      assertThat(all(open(part, new ByteTokenizer()))).isEqualTo(sound);
      assertThat(Files.readAllBytes(file)).isEqualTo(content);
    }
    for (int length : new int[] {0, 5, 128, content.length - 2, content.length - 1}) {
      Files.write(file, Arrays.copyOf(content, length));
      assertThat(all(open(part, new ByteTokenizer()))).isEqualTo(sound);
    }
    Files.write(file, Arrays.copyOf(content, content.length + 2));
    assertThat(all(open(part, new ByteTokenizer()))).isEqualTo(sound);
  }

  @Test
  void aTextShorterThanTheContextIsRefused() throws Exception {
    Tokens tokens = open(part("0123456789"), new ByteTokenizer()); // 9 ids

    assertThat(tokens.holding(8)).isSameAs(tokens);
    assertThatThrownBy(() -> tokens.holding(9))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("the text has 9 tokens, a context of 9 needs 10");
  }

  @Test
  void aFolderThatCannotBeMadeIsSaid() throws Exception {
    TextPart part = part("0123456789");
    Files.writeString(folder.resolve("cache"), "a file");
    assertThatThrownBy(() -> open(part, new ByteTokenizer()))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("cannot keep the ids of a text in ");
  }
}
