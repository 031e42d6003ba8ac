package org.kat4j.parity;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.torch.DType;
import org.kat4j.torch.Scope;

/**
 * Collects how far computed tensors are from recorded ones.
 *
 * <p>The error of a tensor is max |a - b| / max(0.001, max |b|); it must not exceed the tolerance.
 */
public final class Comparison {
  private static final double SMALLEST_SCALE = 1e-3;

  private final DType dtype;
  private double largest;
  private String worst = "";
  private double worstExcess;
  private int compared;
  private boolean passed = true;

  Comparison(DType dtype) {
    this.dtype = dtype;
  }

  /** What the part computes in. */
  public DType dtype() {
    return dtype;
  }

  /** The tolerance that holds for {@link #dtype()}. */
  public double tolerance(double float64, double float32) {
    return dtype == DType.FLOAT64 ? float64 : float32;
  }

  /** Compares two tensors of equal shape. */
  public void compare(String name, Tensor actual, Tensor expected, double tolerance) {
    if (!actual.defined()) {
      compared++;
      fail(name + " (no gradient arrived)");
      return;
    }
    if (!Arrays.equals(actual.shape(), expected.shape())) {
      compared++;
      fail(
          name
              + " (shape "
              + Arrays.toString(actual.shape())
              + ", recorded "
              + Arrays.toString(expected.shape())
              + ")");
      return;
    }
    if (expected.numel() == 0) {
      compared++;
      return;
    }
    try (Scope _ = Scope.open()) {
      Tensor exact = expected.detach().to(ScalarType.Double);
      double distance = actual.detach().to(ScalarType.Double).sub(exact).abs().max().item_double();
      error(name, distance / Math.max(SMALLEST_SCALE, exact.abs().max().item_double()), tolerance);
    }
  }

  /**
   * Compares two tensors by their largest difference, where a relative error has no meaning; it is
   * not reported as one.
   */
  public void compareAbsolutely(String name, Tensor actual, Tensor expected, double bound) {
    compared++;
    try (Scope _ = Scope.open()) {
      Tensor exact = expected.detach().to(ScalarType.Double);
      double distance = actual.detach().to(ScalarType.Double).sub(exact).abs().max().item_double();
      if (!(distance <= bound)) {
        fail(name + " (off by " + distance + ", at most " + bound + ")");
      }
    }
  }

  /**
   * Compares images of bytes.
   *
   * @param most largest difference of a pixel, in levels of 255
   * @param share largest share of pixels that may differ at all, from 0 to 1
   */
  public void compareLevels(
      String name, Tensor actual, Tensor expected, double most, double share) {
    if (!Arrays.equals(actual.shape(), expected.shape())) {
      compare(name, actual, expected, 0); // says which shapes
      return;
    }
    try (Scope _ = Scope.open()) {
      Tensor distance =
          actual.to(ScalarType.Double).sub(expected.to(ScalarType.Double)).abs(); // in levels
      error(name, distance.max().item_double() / 255, most / 255);
      double differing = distance.count_nonzero().item_long() / (double) distance.numel();
      if (differing > share) {
        fail(name + " (" + 100 * differing + " % of the pixels differ)");
      }
    }
  }

  /** Compares two numbers. */
  public void compare(String name, double actual, double expected, double tolerance) {
    error(
        name,
        Math.abs(actual - expected) / Math.max(SMALLEST_SCALE, Math.abs(expected)),
        tolerance);
  }

  /** Compares two values that must be equal. */
  public void same(String name, Object actual, Object expected) {
    compared++;
    if (!actual.equals(expected)) {
      fail(name + " (" + actual + ", recorded " + expected + ")");
    }
  }

  private void error(String name, double error, double tolerance) {
    compared++;
    double excess = error == 0 ? 0 : error / tolerance;
    if (!(excess <= worstExcess)) { // NaN is the worst of all
      worstExcess = excess;
      worst = name;
    }
    largest = Double.isNaN(error) ? Double.NaN : Math.max(largest, error);
    if (!(error <= tolerance)) {
      passed = false;
    }
  }

  private void fail(String what) {
    passed = false;
    worst = what;
    worstExcess = Double.POSITIVE_INFINITY;
    largest = Double.POSITIVE_INFINITY;
  }

  boolean passed() {
    return passed && compared > 0;
  }

  double largest() {
    return largest;
  }

  /** The tensor that is farthest from its recording, measured by its tolerance. */
  String worst() {
    return worst;
  }

  int compared() {
    return compared;
  }
}
