package org.kat4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Check;

/**
 * The tokens of a plane as an image and back. Tokens {@code [batch, height * width, channels]} in
 * memory are an image with channels last: neither way copies one.
 *
 * @param height rows of cells
 * @param width columns of cells
 */
public record GridImage(int height, int width) {
  /**
   * The plane that the tokens of a context lie on.
   *
   * @param who the part that needs one, for the message
   * @throws IllegalArgumentException where they lie otherwise, or other tokens stand in front
   */
  public static GridImage of(Context context, String who) {
    Layout.Grid grid = context.layout().grid(who);
    if (grid.sides().size() != 2) {
      throw new IllegalArgumentException(
          who + " needs a plane of tokens; here is a grid of " + grid.sides().size() + " axes");
    }
    if (grid.prefix() > 0) {
      throw new IllegalArgumentException(
          who
              + " has no place for class token and registers: classToken = false, registers = 0,"
              + " pooling = average");
    }
    return new GridImage(grid.sides().get(0), grid.sides().get(1));
  }

  /** {@code [batch, height * width, channels]} to {@code [batch, channels, height, width]}. */
  public Tensor of(Tensor tokens) {
    return tokens.reshape(tokens.size(0), height, width, tokens.size(2)).permute(0, 3, 1, 2);
  }

  /** {@code [batch, channels, height, width]} to {@code [batch, height * width, channels]}. */
  public static Tensor tokens(Tensor image) {
    return image.permute(0, 2, 3, 1).flatten(1, 2);
  }

  /** An odd window, whose middle is a cell. */
  public static void checkWindow(String field, int side) {
    Check.between(field, side, 1, 31);
    if (side % 2 == 0) {
      throw new IllegalArgumentException(
          field + " = " + side + ": an odd number is needed, so that the window has a middle");
    }
  }
}
