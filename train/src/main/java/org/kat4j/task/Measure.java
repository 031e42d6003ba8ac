package org.kat4j.task;

/**
 * A number that says how good a model is.
 *
 * @param name such as accuracy; the key in logs
 * @param unit such as %, empty for none
 * @param higherIsBetter which way is better
 * @param ratio whether models are compared by their ratio instead of their difference: for errors
 *     that span orders of magnitude
 */
public record Measure(String name, String unit, boolean higherIsBetter, boolean ratio) {
  public static final Measure ACCURACY = new Measure("accuracy", "%", true, false);

  /** Root of the mean squared error, in the targets' units. */
  public static final Measure RMSE = new Measure("RMSE", "", false, true);

  /** How much better a is than b: positive is better; a natural logarithm where it is a ratio. */
  public double advantage(double a, double b) {
    double difference = ratio ? Math.log(a) - Math.log(b) : a - b;
    return higherIsBetter ? difference : -difference;
  }

  /** Whether a is the better of two scores; NaN never is. */
  public boolean isBetter(double a, double b) {
    return Double.isNaN(b) ? !Double.isNaN(a) : advantage(a, b) > 0;
  }

  /** The worst score there is: any number is better. */
  public double worst() {
    return higherIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
  }
}
