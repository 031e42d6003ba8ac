package org.kat4j.model.generate;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.kat4j.config.Check;
import org.kat4j.error.UserException;
import org.kat4j.model.Signature;

/**
 * What is to be written.
 *
 * @param prompts the tokens to go on from, texts of one length
 * @param tokens to write at most, for each prompt
 * @param sampling how they are drawn
 * @param seed same seed, same text
 * @param ends tokens that end a text
 */
public record Request(
    List<int[]> prompts, int tokens, Sampling sampling, long seed, Set<Integer> ends) {
  public Request {
    prompts = List.copyOf(prompts);
    ends = Set.copyOf(ends);
    Check.atLeast("tokens", tokens, 0);
    if (prompts.isEmpty() || prompts.getFirst().length == 0) {
      throw new UserException("nothing to go on from: a prompt of one token or more is needed");
    }
    int length = prompts.getFirst().length;
    if (prompts.stream().anyMatch(prompt -> prompt.length != length)) {
      throw new UserException("prompts that are continued together have one length");
    }
  }

  /** One text. */
  public static Request of(int[] prompt, int tokens, Sampling sampling, long seed) {
    return new Request(List.of(prompt), tokens, sampling, seed, Set.of());
  }

  /** Tokens of each prompt. */
  int length() {
    return prompts.getFirst().length;
  }

  /** All prompts, one after the other. */
  long[] joined() {
    return prompts.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
  }

  /** Refuses prompts that the model cannot read. */
  void check(Signature.Tokens model) {
    if (length() > model.longest()) {
      throw new UserException(
          "the prompt has %,d tokens, the model reads %,d at most: shorten it"
              .formatted(length(), model.longest()));
    }
    for (int[] prompt : prompts) {
      for (int token : prompt) {
        if (token < 0 || token >= model.vocabulary()) {
          throw new UserException(
              "the prompt has token %,d, the model knows 0 to %,d: is this its tokenizer?"
                  .formatted(token, model.vocabulary() - 1));
        }
      }
    }
  }
}
