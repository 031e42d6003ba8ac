package org.kat4j.kernel;

import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Inputs of the kernel tests. */
final class Rationals {
  static final double[] SWISH_NUMERATOR = {
    3.054879741161051e-07,
    0.5000007853744493,
    0.24999783422824703,
    0.05326628273219478,
    0.005803034571292244,
    0.0002751961022402342
  };
  static final double[] SWISH_DENOMINATOR = {
    -4.111554955950634e-06, 0.10652899335007572, -1.2690007399796238e-06, 0.0005502331264140556
  };
  static final double[] GELU_NUMERATOR = {
    -0.00153969, 0.51692871, 0.44075827, 0.0972553, -0.00884418, -0.00378675
  };
  static final double[] GELU_DENOMINATOR = {-0.14171056, -0.06481231, -0.0444695, 0.01283776};
  static final double[] IDENTITY_NUMERATOR = {0, 1, 0, 0, 0, 0};
  static final double[] IDENTITY_DENOMINATOR = {0, 0, 0, 0};
  static final double[] WORKED_NUMERATOR = {0.1, 0.5, -0.2, 0.05, 0.01, 0.002};
  static final double[] WORKED_DENOMINATOR = {0.3, -0.4, 0, 0.02};

  /** Everything that goes into one call. */
  record Case(Tensor x, Tensor upstream, Tensor numerator, Tensor denominator, GroupLayout layout) {
    Tensor forward(RationalKernel kernel) {
      return kernel.forward(x, numerator, denominator, layout);
    }

    RationalKernel.Gradients backward(RationalKernel kernel) {
      return kernel.backward(upstream, x, numerator, denominator, layout);
    }

    /** The same values in another dtype, rounded where it is narrower. */
    Case to(ScalarType type) {
      return new Case(
          x.to(type), upstream.to(type), numerator.to(type), denominator.to(type), layout);
    }
  }

  private Rationals() {}

  static Tensor tensor(double[] values, long... shape) {
    return Tensor.create(values).view(shape);
  }

  /** float64, standard normal x with some zeros, coefficients of both signs, one b that is 0. */
  static Case random(long seed, GroupLayout layout, long[] shape, int m, int n, boolean shared) {
    Random random = new Random(seed);
    int elements = (int) layout.elements();
    double[] x = random.doubles(elements).map(_ -> random.nextGaussian()).toArray();
    for (int i = 0; i < elements; i += 11) {
      x[i] = 0;
    }
    double[] upstream = random.doubles(elements).map(_ -> random.nextGaussian()).toArray();
    int rows = shared ? 1 : layout.groups();
    double[] numerator = gaussian(random, rows * (m + 1), 0.5);
    double[] denominator = gaussian(random, layout.groups() * n, 0.5);
    denominator[0] = 0;
    return new Case(
        tensor(x, shape),
        tensor(upstream, shape),
        tensor(numerator, rows, m + 1),
        tensor(denominator, layout.groups(), n),
        layout);
  }

  private static double[] gaussian(Random random, int count, double deviation) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = deviation * random.nextGaussian();
    }
    return values;
  }

  static double[] elements(Tensor tensor) {
    return NativeMemory.read(tensor);
  }

  /** Largest distance, as a share of the largest expected magnitude. */
  static double distance(Tensor actual, Tensor expected) {
    double[] a = elements(actual);
    double[] e = elements(expected);
    if (a.length != e.length) {
      throw new AssertionError(a.length + " elements, not " + e.length);
    }
    double largest = 1e-3;
    double distance = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(e[i]));
      double difference = Math.abs(a[i] - e[i]);
      distance =
          Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(distance, difference);
    }
    return distance / largest;
  }
}
