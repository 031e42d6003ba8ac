package org.kat4j.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.data.text.StreamingDecoder;
import org.kat4j.data.text.SubwordTokenizer;
import org.kat4j.data.text.TextSources;
import org.kat4j.data.text.TokenCache;
import org.kat4j.data.text.Tokenizer;
import org.kat4j.data.text.Tokens;
import org.kat4j.error.UserException;

@NullMarked
class HuggingFaceLibraryTest {
  private static final String[] AWKWARD = {
    "",
    "the cat the  cat",
    "two\r\nlines\r\n",
    "nul \0 and escape \u001b[31m",
    "e\u0301 and \u00e9",
    "👩‍👩‍👧 👍🏽 🇫🇷",
    "real \uFFFD",
    "שלום עולם, 中文。",
    "<|endoftext|> inside"
  };

  @TempDir private Path folder = Path.of("");

  private Tokenizer tokenizer(String json) throws Exception {
    Files.writeString(folder.resolve("tokenizer.json"), json);
    return SubwordTokenizer.ofFile(folder.toString());
  }

  @Test
  void pairsAreMergedAsTheFileSays() throws Exception {
    try (Tokenizer tokenizer = tokenizer(BytePairs.json("t h", "th e", "Ġ c"))) {
      // 256 is "th", 257 "the", 258 " c", 259 the end; longer than the file's truncation
      assertThat(tokenizer.encode("the cat")).containsExactly(257, 258, 'a', 't');
      assertThat(tokenizer.encode("that<|endoftext|>")).containsExactly(256, 'a', 't', 259);
      assertThat(tokenizer.decode(257, 258, 'a', 't', 259)).isEqualTo("the cat<|endoftext|>");
      assertThat(tokenizer.vocabulary()).isEqualTo(260);
      assertThat(tokenizer.end()).hasValue(259);
      assertThat(tokenizer.describe()).isEqualTo("BPE, 260 ids");
      assertThatThrownBy(() -> tokenizer.decode(260)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void everyTextComesBackWholeAndInPieces() throws Exception {
    try (Tokenizer tokenizer = tokenizer(BytePairs.json("t h", "th e", "Ġ c", "ð Ł"))) {
      for (String text : AWKWARD) {
        int[] ids = tokenizer.encode(text);
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
        var decoder = new StreamingDecoder(tokenizer);
        var streamed = new StringBuilder();
        for (int id : ids) {
          streamed.append(decoder.add(id));
        }
        assertThat(streamed.append(decoder.finish())).hasToString(text);
      }
      assertThat(tokenizer.encode("👍")).containsExactly(259, 0x91, 0x8d);
      assertThatThrownBy(() -> tokenizer.encode("a\uD83D")).isInstanceOf(UserException.class);
    }
  }

  @Test
  void weightsAloneRestoreIt() throws Exception {
    try (Tokenizer tokenizer = tokenizer(BytePairs.json("t h"))) {
      Files.delete(folder.resolve("tokenizer.json"));
      try (Tokenizer restored = Tokenizer.restored(tokenizer.metadata(), "weights")) {
        assertThat(restored.checksum()).isEqualTo(tokenizer.checksum());
        assertThat(restored.encode("that")).containsExactly(256, 'a', 't');
        assertThat(restored.metadata()).isEqualTo(tokenizer.metadata());
      }
    }
  }

  @Test
  void aTextInPiecesHasTheIdsOfTheWhole() throws Exception {
    String text = ("the cat sat.\n\n  the hat\n".repeat(6_000) + "end").repeat(2);
    try (Tokenizer tokenizer = tokenizer(BytePairs.json("t h", "th e", "Ġ c", "Ċ Ċ", "Ġ Ġ"))) {
      Files.createDirectories(folder.resolve("text/val"));
      Files.createDirectories(folder.resolve("text/train"));
      Files.writeString(folder.resolve("text/train/a"), text);
      Files.writeString(folder.resolve("text/val/a"), "the");
      Tokens tokens =
          new TokenCache(folder.resolve("cache"))
              .open(TextSources.open(folder.resolve("text").toString(), null).train(), tokenizer);
      int[] whole = tokenizer.encode(text);
      assertThat(tokens.size()).isEqualTo(whole.length);
      for (int i = 0; i < whole.length; i++) {
        assertThat(tokens.get(i)).isEqualTo(whole[i]);
      }
    }
  }

  @Test
  void aTokenForTheUnknownThatIsMissingIsOneLine() throws Exception {
    String withoutLetters =
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
         "pre_tokenizer":null,"post_processor":null,"decoder":null,
         "model":{"type":"WordLevel","vocab":{"the":0},"unk_token":"none"}}
        """;
    try (Tokenizer tokenizer = tokenizer(withoutLetters)) {
      assertThat(tokenizer.encode("the")).containsExactly(0);
      assertThatThrownBy(() -> tokenizer.encode("cat"))
          .isInstanceOf(UserException.class)
          .hasMessageStartingWith("the tokenizer cannot encode the text: ");
    }
  }

  @Test
  void whatIsNoTokenizerIsOneLine() throws Exception {
    String sound = BytePairs.json("t h");
    String[] damaged = {
      "",
      "{}",
      "[1]",
      sound.substring(0, sound.length() / 2),
      sound.replace("\"BPE\"", "\"none\""),
      sound.replace("\"t h\"", "\"t hhh\""),
      sound.replace("\"A\":65", "\"A\":-65"),
      sound.replace("\"A\":65", "\"A\":4000000000"),
      sound.replace("\"A\":65", "\"A\":\"b\""),
      sound.replace("\"added_tokens\":[{\"id\":257", "\"added_tokens\":[{\"id\":\"x\""),
      // these end the process when the library gets them
      sound.replace("\"continuing_subword_prefix\":\"\"", "\"continuing_subword_prefix\":\"###\""),
      sound.replace("\"normalizer\":null", "\"normalizer\":\"\\ud800\""),
      sound.replace(
          "\"normalizer\":null",
          "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}"),
    };
    for (String json : damaged) {
      assertThatThrownBy(() -> tokenizer(json))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("tokenizer.json");
    }
  }
}
