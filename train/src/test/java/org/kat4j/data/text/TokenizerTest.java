package org.kat4j.data.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;

@NullMarked
class TokenizerTest {
  @TempDir private Path folder = Path.of("");

  private Text text(String content) throws Exception {
    return TextSources.open(
        Files.writeString(folder.resolve("text.txt"), content).toString(), null);
  }

  private Tokenizer characters(String content) throws Exception {
    return new CharacterTokenizer.Spec().open(text(content));
  }

  private static String streamed(Tokenizer tokenizer, int... ids) {
    var decoder = new StreamingDecoder(tokenizer);
    var text = new StringBuilder();
    for (int id : ids) {
      text.append(decoder.add(id));
    }
    return text.append(decoder.finish()).toString();
  }

  @Test
  void charactersAreNumberedInTheOrderOfTheirCodePoints() throws Exception {
    Tokenizer tokenizer = characters("banana\nZ👍");

    assertThat(tokenizer.vocabulary()).isEqualTo(6); // line break, Z, a, b, n, thumb
    assertThat(tokenizer.encode("nab👍Z\n")).containsExactly(4, 2, 3, 5, 1, 0);
    assertThat(tokenizer.decode(4, 2, 3, 5, 1, 0)).isEqualTo("nab👍Z\n");
  }

  @Test
  void bytesAreThoseOfUtf8() {
    assertThat(new ByteTokenizer().encode("aé👍"))
        .containsExactly(0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x91, 0x8d);
  }

  @Test
  void everyTextComesBackWholeAndInPieces() throws Exception {
    Tokenizer characters = characters(String.join("x", AwkwardTexts.ALL).substring(1));
    for (Tokenizer tokenizer : new Tokenizer[] {new ByteTokenizer(), characters}) {
      for (String text : AwkwardTexts.ALL) {
        if (tokenizer instanceof CharacterTokenizer && text.startsWith("\uFEFF")) {
          continue; // the first of them was the mark of the file
        }
        int[] ids = tokenizer.encode(text);
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
        assertThat(streamed(tokenizer, ids)).isEqualTo(text);
        assertThat(Arrays.stream(ids)).allMatch(id -> id >= 0 && id < tokenizer.vocabulary());
      }
    }
  }

  @Test
  void aCharacterWaitsForItsLastByte() {
    var decoder = new StreamingDecoder(new ByteTokenizer());

    assertThat(decoder.add(0xf0)).isEmpty();
    assertThat(decoder.add(0x9f)).isEmpty();
    assertThat(decoder.add(0x91)).isEmpty();
    assertThat(decoder.add(0x8d)).isEqualTo("👍");
    assertThat(decoder.add('a')).isEqualTo("a");
    assertThat(decoder.add(0xc3)).isEmpty();
    assertThat(decoder.finish()).isEqualTo("\uFFFD");
    assertThat(decoder.add('b')).isEqualTo("b");
  }

  @Test
  void anySequenceOfBytesStreamsToWhatItDecodesTo() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);
    var tokenizer = new ByteTokenizer();
    for (int round = 0; round < 300; round++) {
      int[] ids = random.ints(random.nextInt(40), 0, 256).toArray();
      assertThat(streamed(tokenizer, ids)).isEqualTo(tokenizer.decode(ids));
    }
  }

  @Test
  void halfACharacterIsRefused() throws Exception {
    for (Tokenizer tokenizer : new Tokenizer[] {new ByteTokenizer(), characters("ab?")}) {
      for (String half : new String[] {"a\uD83D", "a\uDC4D", "a\uD83Db"}) {
        assertThatThrownBy(() -> tokenizer.encode(half))
            .isInstanceOf(UserException.class)
            .hasMessageContaining("half a character")
            .hasMessageContaining("place 1");
      }
    }
  }

  @Test
  void aCharacterThatWasNotInTheTextIsNamed() throws Exception {
    assertThatThrownBy(() -> characters("abc").encode("abé"))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "the character 'é' (U+00E9) is not among the 3 that the tokenizer knows: leave it out");
  }

  @Test
  void metadataRestoresATokenizer() throws Exception {
    Tokenizer characters = characters("nul \0 quote \" 👍\n");
    for (Tokenizer tokenizer : new Tokenizer[] {new ByteTokenizer(), characters}) {
      Tokenizer restored = Tokenizer.restored(tokenizer.metadata(), "weights");

      assertThat(restored.checksum()).isEqualTo(tokenizer.checksum());
      assertThat(restored.vocabulary()).isEqualTo(tokenizer.vocabulary());
      assertThat(restored.encode("n")).isEqualTo(tokenizer.encode("n"));
    }
    assertThat(characters.checksum()).isNotEqualTo(characters("nul").checksum());
  }

  @Test
  void damagedMetadataIsOneLine() {
    String spec = Config.toJson(new CharacterTokenizer.Spec());
    for (String damaged : new String[] {"", "ba", "aa"}) {
      assertThatThrownBy(() ->
              Tokenizer.restored(
                  Map.of(Tokenizer.METADATA, spec, Tokenizer.METADATA + ".vocabulary", damaged),
                  "weights"))
          .isInstanceOf(UserException.class)
          .hasMessageStartingWith("weights: the characters of its tokenizer are damaged");
    }
    assertThatThrownBy(() -> Tokenizer.restored(Map.of(), "weights"))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("weights: no tokenizer in it");
    assertThatThrownBy(
            () -> Tokenizer.restored(Map.of(Tokenizer.METADATA, "{\"kind\":\"byte\"}"), "weights"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("did you mean 'bytes'?");
  }

  @Test
  void withoutTheirModulePartsOfWordsAreRefused() throws Exception {
    // It is not where Maven runs these tests; other ways to run them may have all modules.
    assumeThat(ServiceLoader.load(SubwordLibrary.class).findFirst()).isEmpty();
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    assertThatThrownBy(() -> SubwordTokenizer.ofFile(folder.toString()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("needs the module kat4j-tokenizers");
  }

  @Test
  void aFileOfPartsOfWordsThatIsNoTextIsOneLine() throws Exception {
    assertThatThrownBy(() -> SubwordTokenizer.ofFile(folder.resolve("other.json").toString()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("there is no such file");
    Files.write(folder.resolve("tokenizer.json"), new byte[] {'{', (byte) 0xff});
    assertThatThrownBy(() -> SubwordTokenizer.ofFile(folder.toString()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("byte 1 ");
  }
}
