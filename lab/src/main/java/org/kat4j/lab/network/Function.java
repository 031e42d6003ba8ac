package org.kat4j.lab.network;

import org.kat4j.data.RandomStream;

/**
 * A formula as data: inputs uniform in a box, targets divided by the standard deviation of the
 * training targets so that errors of formulas compare.
 *
 * @param name of the formula
 * @param inputs number of variables
 * @param low every variable's smallest value
 * @param high every variable's largest value
 * @param formula of a row
 */
public record Function(String name, int inputs, double low, double high, Formula formula) {
  /** The value at a point. */
  @FunctionalInterface
  public interface Formula {
    double at(double[] x);
  }

  private static final long SEED = 9; // the same points for every arm and every seed

  /**
   * @param train rows to learn from
   * @param others rows to validate on, and as many to test on
   */
  public Rows rows(int train, int others) {
    RandomStream random = RandomStream.of(SEED, name.hashCode());
    Rows.Part learned = part(train, random);
    double deviation = deviation(learned.y());
    return new Rows(
        name,
        inputs,
        1,
        false,
        scaled(learned, deviation),
        scaled(part(others, random), deviation),
        scaled(part(others, random), deviation));
  }

  private Rows.Part part(int rows, RandomStream random) {
    float[] x = new float[rows * inputs];
    float[] y = new float[rows];
    double[] point = new double[inputs];
    for (int r = 0; r < rows; r++) {
      for (int i = 0; i < inputs; i++) {
        point[i] = random.nextDouble(low, high);
        x[r * inputs + i] = (float) (2 * (point[i] - low) / (high - low) - 1); // to [-1, 1]
      }
      y[r] = (float) formula.at(point);
    }
    return new Rows.Part(x, y);
  }

  private static double deviation(float[] y) {
    double sum = 0;
    double squares = 0;
    for (float value : y) {
      sum += value;
      squares += (double) value * value;
    }
    double mean = sum / y.length;
    return Math.sqrt(squares / y.length - mean * mean);
  }

  private static Rows.Part scaled(Rows.Part part, double deviation) {
    float[] y = new float[part.y().length];
    for (int i = 0; i < y.length; i++) {
      y[i] = (float) (part.y()[i] / deviation);
    }
    return new Rows.Part(part.x(), y);
  }
}
