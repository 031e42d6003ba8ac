package org.kat4j.error;

/**
 * A training that came to nothing: its loss, its weights or its predictions are no numbers any
 * more, NaN or infinite. The one notion of it for every loop; what counts failures counts these.
 */
public final class DivergedException extends UserException {
  private static final long serialVersionUID = 1L;

  public DivergedException(String message) {
    super(message);
  }

  /**
   * A number that has to be finite.
   *
   * @param what it is, such as "training loss"
   * @param rest of the message, after "the training loss is NaN": where, and what to do
   * @throws DivergedException if it is NaN or infinite
   */
  public static double finite(String what, double value, String rest) {
    if (!Double.isFinite(value)) {
      throw new DivergedException("the %s is %s %s".formatted(what, value, rest));
    }
    return value;
  }
}
