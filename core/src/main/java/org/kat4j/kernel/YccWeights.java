package org.kat4j.kernel;

/** libjpeg's weights from YCbCr to RGB, with 16 fraction bits. */
final class YccWeights {
  static final int FRACTION_BITS = 16;
  static final int HALF = 1 << (FRACTION_BITS - 1);

  /** Grey of the two colour differences. */
  static final int MIDDLE = 128;

  static final int RED_FROM_CR = 91881; // 1.402
  static final int GREEN_FROM_CB = -22554; // -0.34414
  static final int GREEN_FROM_CR = -46802; // -0.71414
  static final int BLUE_FROM_CB = 116130; // 1.772

  private YccWeights() {}
}
