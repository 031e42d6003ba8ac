package org.kat4j.tokenizers;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntConsumer;
import org.kat4j.config.Config;
import org.kat4j.data.text.Utf8;
import org.kat4j.error.UserException;
import tools.jackson.databind.JsonNode;

/**
 * What a {@code tokenizer.json} says about its ids, which the library does not tell, once it has
 * been checked: what the library does not expect would end the process.
 *
 * @param json what the library gets: the file as it was read here
 * @param kind of model, such as BPE
 * @param vocabulary the largest id and one
 * @param end id of the token that ends a text
 */
record TokenizerFile(String json, String kind, int vocabulary, OptionalInt end) {
  /** What such tokens are called, in GPT-2 and Qwen, Llama 3, Llama 2 and Mistral, Gemma. */
  private static final List<String> END =
      List.of("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>");

  private static final int MOST_IDS = 1 << 24;

  /**
   * Reads it.
   *
   * @throws UserException if it is no JSON, or its ids are none
   */
  static TokenizerFile parse(String json, String source) {
    JsonNode tree = Config.parseJson(json, source);
    JsonNode model = tree.path("model");
    int[] largest = {-1};
    IntConsumer id =
        value -> {
          if (value < 0 || value >= MOST_IDS) {
            throw new UserException(
                source
                    + ": an id is no number from 0 to 16,777,215; take another copy of the file");
          }
          largest[0] = Math.max(largest[0], value);
        };
    JsonNode words = model.path("vocab");
    if (words.isArray() && !words.isEmpty()) {
      id.accept(words.size() - 1); // of unigram models: word and weight, by id
    } else {
      words.valueStream().forEach(word -> id.accept(number(word)));
    }
    JsonNode added = tree.path("added_tokens");
    added.valueStream().forEach(token -> id.accept(number(token.path("id"))));
    if (largest[0] < 0) {
      throw new UserException(
          source + ": there are no words in it: give the tokenizer.json of a model");
    }
    checkMerges(model, source);
    checkNormalizers(tree.path("normalizer"), source);
    return new TokenizerFile(
        written(tree, source), model.path("type").asString("words"), largest[0] + 1, end(added));
  }

  /** A compiled table of characters is packed bytes that the library trusts. */
  private static void checkNormalizers(JsonNode normalizer, String source) {
    if (normalizer.path("type").asString("").equals("Precompiled")) {
      throw new UserException(
          source
              + ": a compiled table of characters (Precompiled) is not read: take another model");
    }
    for (JsonNode one : normalizer.path("normalizers")) {
      checkNormalizers(one, source);
    }
  }

  /** Written anew, so that it means to the library what it means here; halves of pairs stop it. */
  private static String written(JsonNode tree, String source) {
    try {
      return Utf8.checked(tree.toString());
    } catch (UserException halves) {
      throw new UserException(
          source + ": half a character in it; take another copy of the file", halves);
    }
  }

  /** The library cuts the prefix off the second of a pair without a look. */
  private static void checkMerges(JsonNode model, String source) {
    String prefix = model.path("continuing_subword_prefix").asString("");
    for (JsonNode merge : model.path("merges")) {
      String second =
          merge.isArray()
              ? merge.path(1).asString("")
              : merge.asString("").replaceFirst("^[^ ]* ?", "");
      if (!second.startsWith(prefix)) {
        throw new UserException(
            "%s: the merge '%s' is none of its words; take another copy of the file"
                .formatted(source, merge));
      }
    }
  }

  private static int number(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt() ? node.intValue() : -1;
  }

  private static OptionalInt end(JsonNode added) {
    for (String name : END) {
      for (JsonNode token : added) {
        if (token.path("content").asString("").equals(name)) {
          return OptionalInt.of(number(token.path("id")));
        }
      }
    }
    return OptionalInt.empty();
  }
}
