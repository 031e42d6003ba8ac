package org.kat4j.tables;

/**
 * How columns become numbers.
 *
 * @param missing what is done with rows or values that are missing
 * @param encoding what becomes of words
 */
public record Preparation(Missing missing, Encoding encoding) {
  /** Missing values of the features. A row without a target is always an error or dropped. */
  public enum Missing {
    /** Refused, with the columns named. */
    ERROR,
    /** The row is left out. */
    DROP,
    /** The mean of the training rows, for words a word of its own. */
    MEAN
  }

  /** Words as numbers. */
  public enum Encoding {
    /** A column of 0 and 1 for each word, but one column for two words. */
    ONE_HOT,
    /** The word's place in its list, from 0. */
    ORDINAL
  }

  /** No missing values, one column for each word. */
  public static Preparation usual() {
    return new Preparation(Missing.ERROR, Encoding.ONE_HOT);
  }
}
