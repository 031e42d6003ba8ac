package org.kat4j.explain.symbolic;

import org.kat4j.function.LevenbergMarquardt;

/** All constants of a formula fitted to samples together by Levenberg-Marquardt. */
public final class Refit {
  private Refit() {}

  /** The formula with better constants; as it was where it does not exist at all samples. */
  public static Expression of(Expression formula, Samples samples, int steps) {
    var gradient = new Gradient(formula, samples.inputs());
    double[] start = gradient.constants();
    if (start.length == 0 || start.length >= samples.rows()) {
      return formula;
    }
    var best = LevenbergMarquardt.minimise(new Problem(gradient, samples.targets()), start, steps);
    return Double.isFinite(best.cost()) ? gradient.with(best.parameters()) : formula;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Problem(Gradient gradient, double[] targets)
      implements LevenbergMarquardt.Problem {
    @Override
    public boolean bounded(int parameter) {
      return false;
    }

    @Override
    public LevenbergMarquardt.Point at(double[] numbers) {
      double[] residual = gradient.values(numbers);
      for (int i = 0; i < residual.length; i++) {
        residual[i] -= targets[i];
      }
      return new LevenbergMarquardt.Point(numbers, residual, gradient.derivatives());
    }
  }
}
