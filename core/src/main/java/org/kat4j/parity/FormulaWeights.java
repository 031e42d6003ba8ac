package org.kat4j.parity;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * Numbers that follow from a name: what recordings of whole models hold in the place of weights. A
 * tensor's numbers are those of the splitmix64 stream that begins at the FNV-1a hash of its name,
 * brought to a range that fits its shape.
 */
final class FormulaWeights {
  private static final long OFFSET = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;
  private static final long STEP = 0x9E3779B97F4A7C15L;

  private FormulaWeights() {}

  /** A tensor of a state dict: parameters around 0, or around 1 where they scale. */
  static Tensor of(String name, long... shape) {
    String last = name.substring(name.lastIndexOf('.') + 1);
    return switch (last) {
      case "running_var" -> tensor(name, 1.25, .25, shape); // 1 + u / 2, u = (1 + v) / 2
      case "running_mean" -> tensor(name, 0, .2, shape);
      case "num_batches_tracked" -> tensor(name, 0, 0, shape);
      case "pos_embed", "cls_token", "dist_token", "reg_token" -> tensor(name, 0, .2, shape);
      default -> {
        if (shape.length > 1) {
          long fanIn = Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
          yield tensor(name, 0, Math.sqrt(6.0 / fanIn), shape);
        }
        boolean scales = last.equals("weight") || last.equals("gamma") || last.equals("scale");
        yield tensor(name, scales ? 1 : 0, .2, shape);
      }
    };
  }

  /** The images {@code [batch, channels, height, width]}. */
  static Tensor input(long... shape) {
    return tensor("input", 0, 1.7, shape);
  }

  /** The weights of the outputs in the sum whose gradients were recorded. */
  static Tensor ofOutput(long... shape) {
    return tensor("weight.out", 0, 1, shape);
  }

  /** middle + reach * v, v from -1 to 1. */
  private static Tensor tensor(String name, double middle, double reach, long... shape) {
    int count = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    double[] values = new double[count];
    long state = OFFSET;
    for (byte letter : name.getBytes(StandardCharsets.UTF_8)) {
      state = (state ^ (letter & 0xff)) * PRIME;
    }
    for (int i = 0; i < count; i++) {
      state += STEP;
      values[i] = middle + reach * (2 * uniform(state) - 1);
    }
    return Tensor.create(values).view(shape);
  }

  /** From 0 to 1. */
  static double uniform(long state) {
    long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return ((z ^ (z >>> 31)) >>> 11) * 0x1p-53;
  }
}
