package org.kat4j.convolution;

import org.kat4j.config.Check;

/**
 * The square window that a convolution moves over an image, the same in both directions.
 *
 * @param kernel side of the window in pixels, 1 to 31
 * @param stride pixels between neighbouring windows, 1 to 31
 * @param padding pixels of value 0 around the image, 0 to kernel - 1
 */
public record Window(int kernel, int stride, int padding) {
  private static final int LARGEST = 31;

  public Window {
    Check.between("kernel", kernel, 1, LARGEST);
    Check.between("stride", stride, 1, LARGEST);
    Check.betweenOthers("padding", padding, 0, kernel - 1);
  }

  /** Three by three pixels; images keep their size. */
  public static Window example() {
    return new Window(3, 1, 1);
  }

  /** Pixels of the window. */
  public int taps() {
    return kernel * kernel;
  }

  /**
   * Side of the result for an image of this side; not above 0 where the image is smaller than the
   * window.
   */
  public int sideOf(int side) {
    return Math.floorDiv(side + 2 * padding - kernel, stride) + 1;
  }

  /** Windows on a square image of this side. */
  long windows(int side) {
    return (long) sideOf(side) * sideOf(side);
  }

  /** Pixels of a square image of this side, padding included. */
  long pixels(int side) {
    long padded = side + 2L * padding;
    return padded * padded;
  }
}
