package org.kat4j.model;

import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/**
 * What goes into a model for one sample, and how many numbers come out: what a task asks for, and
 * what a model is made for.
 *
 * <p>Each kind has an interface of models with the matching {@code forward}, such as {@link
 * ImageModel} and {@link TokenModel}.
 */
public sealed interface Signature {
  /** In a few words, for the user: {@code input 1 x 28 x 28, 10 classes}. */
  String describe();

  /**
   * Images to the logits of classes.
   *
   * @param channels colour channels
   * @param height rows, in pixels
   * @param width columns, in pixels
   * @param outputs classes
   */
  record Images(int channels, int height, int width, int outputs) implements Signature {
    @Override
    public String describe() {
      return "input %d x %d x %d, %d classes".formatted(channels, height, width, outputs);
    }

    /** Refuses images of another shape than {@code [batch, channels, height, width]}. */
    public void check(Tensor images) {
      long[] shape = images.shape();
      if (shape.length != 4 || shape[1] != channels || shape[2] != height || shape[3] != width) {
        throw new IllegalArgumentException(
            "images %s: [batch, %d, %d, %d] is expected"
                .formatted(Arrays.toString(shape), channels, height, width));
      }
    }
  }

  /**
   * Numbered tokens to logits, of every token or of the whole sequence.
   *
   * @param vocabulary numbers that a token may have
   * @param longest tokens of a sequence at most
   * @param outputs logits of an answer
   * @param each whether every token has an answer
   */
  record Tokens(int vocabulary, int longest, int outputs, boolean each) implements Signature {
    @Override
    public String describe() {
      return "up to %,d of %,d tokens, %,d outputs%s"
          .formatted(longest, vocabulary, outputs, each ? " each" : "");
    }
  }

  /**
   * Rows of numbers to numbers.
   *
   * @param features numbers of a row
   * @param outputs numbers of an answer
   */
  record Rows(int features, int outputs) implements Signature {
    /**
     * Features and outputs by name, for a record that has both.
     *
     * @throws UserException where a signature is one of something else than rows
     */
    public static Map<String, Integer> fields(Signature other) {
      if (other instanceof Rows rows) {
        return Map.of("features", rows.features, "outputs", rows.outputs);
      }
      throw new UserException("this model takes rows of numbers, not: " + other.describe());
    }

    @Override
    public String describe() {
      return "%,d features, %,d outputs".formatted(features, outputs);
    }
  }
}
