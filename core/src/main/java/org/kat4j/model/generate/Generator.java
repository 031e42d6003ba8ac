package org.kat4j.model.generate;

import java.util.Arrays;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.error.UserException;
import org.kat4j.model.Signature;
import org.kat4j.model.TokenModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Scope;

/**
 * Lets a language model write. Tokens go out as they are drawn.
 *
 * <p>A text may become longer than what the model reads: whenever there is no more room, it is read
 * again from the last half on.
 */
public final class Generator {
  /** In the place of a token: the text of this prompt has ended. */
  public static final int ENDED = -1;

  private final TokenModel model;
  private final Signature.Tokens signature;
  private final Device device;

  /**
   * @param device where the model is
   * @throws UserException where it is no language model
   */
  public Generator(TokenModel model, Device device) {
    this.model = model;
    this.device = device;
    signature = model.spec().signature();
    if (!signature.each() || signature.outputs() != signature.vocabulary()) {
      throw new UserException(
          "this model does not say which token follows: " + signature.describe());
    }
  }

  /**
   * Writes until every text has its tokens or has ended, or nobody wants more.
   *
   * @param wanted gets the next token of every prompt, {@link #ENDED} for those that have ended;
   *     says whether to go on
   * @return how many tokens were written for each prompt
   */
  public int write(Request request, Predicate<int[]> wanted) {
    request.check(signature);
    int batch = request.prompts().size();
    Texts texts = new Texts(request.prompts(), signature.longest());
    boolean[] ended = new boolean[batch];
    int written = 0;
    try (RandomStream random = new RandomStream(request.seed());
        Decoder decoder = Decoder.of(model, request.sampling(), batch, device)) {
      Supplier<double[]> uniform = () -> uniform(random, batch);
      boolean goesOn = request.tokens() > 0;
      boolean anew = true;
      while (goesOn) {
        long[] drawn = anew ? decoder.read(texts, uniform) : decoder.next(texts, uniform);
        written++;
        goesOn = wanted.test(shown(drawn, request, ended)) && written < request.tokens();
        goesOn &= !allEnded(ended);
        texts.add(drawn);
        anew = texts.isTooLong();
        if (anew) {
          texts.keepHalf();
        }
      }
    }
    return written;
  }

  /** The text of one prompt, to its end. */
  public int[] write(Request request) {
    int[] text = new int[request.tokens()];
    int[] length = {0};
    int _ =
        write(
            request,
            next -> {
              text[length[0]++] = next[0];
              return true;
            });
    return Arrays.copyOf(text, length[0]);
  }

  private static double[] uniform(RandomStream random, int batch) {
    try (Scope _ = Scope.open()) {
      Tensor numbers = torch.zeros(new long[] {batch}, new TensorOptions(ScalarType.Double));
      return Memory.doubles(random.uniform(numbers, 0, 1));
    }
  }

  private static int[] shown(long[] drawn, Request request, boolean[] ended) {
    int[] shown = new int[drawn.length];
    for (int i = 0; i < shown.length; i++) {
      shown[i] = ended[i] ? ENDED : (int) drawn[i];
      ended[i] |= request.ends().contains(shown[i]);
    }
    return shown;
  }

  private static boolean allEnded(boolean[] ended) {
    for (boolean one : ended) {
      if (!one) {
        return false;
      }
    }
    return true;
  }
}
