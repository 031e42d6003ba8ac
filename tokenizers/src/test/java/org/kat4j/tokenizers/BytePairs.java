package org.kat4j.tokenizers;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;

/**
 * A small {@code tokenizer.json} of the kind that GPT-2 has: bytes 0 to 255, the merges given, and
 * a token that ends a text.
 */
@NullMarked
final class BytePairs {
  private BytePairs() {}

  /** Letters for bytes: those that can be seen stand for themselves, the rest for U+0100 and on. */
  private static List<String> letters() {
    List<String> letters = new ArrayList<>();
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean seen = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      letters.add(Character.toString(seen ? b : next++));
    }
    return letters;
  }

  static String json(String... merges) {
    List<String> letters = letters();
    List<String> words = new ArrayList<>(letters);
    for (String merge : merges) {
      words.add(merge.replace(" ", ""));
    }
    String vocabulary =
        IntStream.range(0, words.size())
            .mapToObj(id -> quoted(words.get(id)) + ":" + id)
            .collect(Collectors.joining(","));
    String pairs = List.of(merges).stream().map(BytePairs::quoted).collect(Collectors.joining(","));
    return """
    {"version":"1.0","truncation":{"direction":"Right","max_length":3,"strategy":"LongestFirst","stride":0},
     "padding":{"strategy":{"Fixed":8},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"!"},
     "added_tokens":[{"id":%d,"content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
     "normalizer":null,
     "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
     "post_processor":null,
     "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
     "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,
      "vocab":{%s},"merges":[%s]}}
    """
        .formatted(words.size(), vocabulary, pairs);
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  /** The ids without a merge. */
  static int[] bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return IntStream.range(0, bytes.length).map(i -> Byte.toUnsignedInt(bytes[i])).toArray();
  }
}
