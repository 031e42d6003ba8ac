package org.kat4j.kernel;

/** A family of functions that edges have; every edge has parameters of its own. */
public sealed interface EdgeFunction {
  /** Parameters of an edge. */
  int terms();

  /**
   * w phi(a x + c), with the parameters a, c, w.
   *
   * @param form phi
   */
  record Dilated(Form form) implements EdgeFunction {
    @Override
    public int terms() {
      return 3;
    }
  }

  /**
   * w f(q): a vector in space, turned in turn by an angle of x in the plane of its first two axes
   * and by a fixed matrix, q = m' U_r M_r ... U_2 M_2 U_1 s, U_l by the angle weight_l x + bias_l.
   *
   * @param uploads r
   * @param moduli whether f(q) = sqrt((1 + q) / 2) - sqrt((1 - q) / 2), else q
   */
  record Circuit(int uploads, boolean moduli) implements EdgeFunction {
    @Override
    public int terms() {
      return weight() + 1;
    }

    /** Place of s, three numbers. */
    int start() {
      return 0;
    }

    /** Place of the matrix before an upload, from 1, row by row. */
    int matrix(int upload) {
      return 3 + 9 * (upload - 1);
    }

    /** Place of m, three numbers. */
    int measured() {
      return matrix(uploads);
    }

    int uploadWeight(int upload) {
      return measured() + 3 + upload;
    }

    int uploadBias(int upload) {
      return uploadWeight(uploads) + upload;
    }

    /** Place of w. */
    int weight() {
      return uploadBias(uploads);
    }
  }

  /** phi(u). */
  enum Form {
    /** (u^2 - 1) e^(-u^2 / 2). */
    MEXICAN_HAT,
    /** cos(5 u) e^(-u^2 / 2). */
    MORLET,
    /** -u e^(-u^2 / 2). */
    DERIVATIVE_OF_GAUSSIAN,
    /**
     * sin(pi v) cos(pi / 2 s(t)) for v = |u| below 1, t = 2 v - 1 cut to [0, 1], s(t) = t^4 (35 -
     * 84 t + 70 t^2 - 20 t^3).
     */
    MEYER,
    /** sin(u) / u. */
    SINC,
    /** log((1 + e^u) / 2). */
    SHIFTED_SOFTPLUS
  }
}
