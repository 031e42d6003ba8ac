package org.kat4j.recurrent;

/** Which constants a cell adds to its gates. */
public enum Bias {
  /** To the input's product and to the state's, as PyTorch does. */
  BOTH,
  /** To the input's product only, as Keras does. */
  INPUT,
  NONE
}
