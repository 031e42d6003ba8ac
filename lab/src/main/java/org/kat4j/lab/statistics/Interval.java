package org.kat4j.lab.statistics;

/**
 * Where a quantity lies, with some confidence.
 *
 * @param low lower end
 * @param high upper end
 */
public record Interval(double low, double high) {
  public boolean contains(double value) {
    return low <= value && value <= high;
  }
}
