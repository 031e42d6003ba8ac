package org.kat4j.function.quantum;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.config.Check;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * A circuit of rotations and controlled flips on {@code wires} qubits, as an exact state vector.
 *
 * <p>The 2^wires inputs become amplitudes, psi = v / |v|; each layer turns every wire by RZ(omega)
 * RY(theta) RZ(phi) and then flips wire (i + r) mod wires if wire i is 1, for i = 0, 1, …, with r =
 * (layer mod (wires - 1)) + 1; the outputs are the expectations of Z of every wire. Wire 0 is the
 * most significant bit. Scale and sign of the input have no effect; zeros give zeros. Source:
 * KACQ-DCNN, arXiv 2410.07446; weights {@code [layers, wires, 3]} in the order phi, theta, omega.
 */
public final class EntanglingCircuit implements Part {
  private static final double TINY = 1e-24; // keeps 1 / |v| finite, in float32 too

  private final int wires;
  private final int layers;
  private final Tensor weights; // [layers, wires, 3]

  /**
   * @param wires 2 to 12
   * @param layers at least 1
   */
  public EntanglingCircuit(int wires, int layers, Context context) {
    Check.between("wires", wires, 2, 12);
    Check.atLeast("layers", layers, 1);
    this.wires = wires;
    this.layers = layers;
    weights = context.parameter(layers, wires, 3);
    Init.uniform(weights, Math.sqrt(6.0 / (wires * layers + 3.0 * layers)), context.random());
  }

  /** {@code [rows, 2^wires]} to {@code [rows, wires]}, each in -1 to 1. */
  public Tensor forward(Tensor amplitudes) {
    Tensor probabilities = probabilities(amplitudes);
    return probabilities.matmul(signs(probabilities));
  }

  /** Probability of every basis state, {@code [rows, 2^wires]}; sums to 1. */
  public Tensor probabilities(Tensor amplitudes) {
    Tensor length =
        amplitudes
            .square()
            .sum(new long[] {1}, true, new ScalarTypeOptional())
            .add(new Scalar(TINY));
    Tensor real = amplitudes.mul(length.rsqrt());
    Tensor state = complex(real, torch.zeros_like(real)); // [rows, 2^wires]
    for (int layer = 0; layer < layers; layer++) {
      for (int wire = 0; wire < wires; wire++) {
        state = rotated(state, wire, weights.select(0, layer).select(0, wire));
      }
      state = state.index_select(1, entangled(layer).to(state.device(), ScalarType.Long));
    }
    return torch.view_as_real(state).square().sum(-1);
  }

  /** RZ(omega) RY(theta) RZ(phi) on one wire. */
  private Tensor rotated(Tensor state, int wire, Tensor angles) {
    Tensor half = angles.mul(new Scalar(0.5));
    Tensor sum = half.select(0, 0).add(half.select(0, 2)); // (phi + omega) / 2
    Tensor difference = half.select(0, 0).sub(half.select(0, 2)); // (phi - omega) / 2
    Tensor cos = half.select(0, 1).cos();
    Tensor sin = half.select(0, 1).sin();
    Tensor pairs = state.view(state.size(0), 1L << wire, 2, -1);
    Tensor zero = pairs.select(2, 0);
    Tensor one = pairs.select(2, 1);
    Tensor newZero = zero.mul(phase(cos, sum.neg())).sub(one.mul(phase(sin, difference)));
    Tensor newOne = zero.mul(phase(sin, difference.neg())).add(one.mul(phase(cos, sum)));
    return torch.stack(new TensorVector(newZero, newOne), 2).view(state.size(0), -1);
  }

  /** length e^(i angle). */
  private static Tensor phase(Tensor length, Tensor angle) {
    return complex(length.mul(angle.cos()), length.mul(angle.sin()));
  }

  private static Tensor complex(Tensor real, Tensor imaginary) {
    return torch.view_as_complex(torch.stack(new TensorVector(real, imaginary), -1));
  }

  /** Where the amplitude of every basis state comes from in the controlled flips of a layer. */
  private Tensor entangled(int layer) {
    int step = layer % (wires - 1) + 1;
    long[] source = new long[1 << wires];
    for (int state = 0; state < source.length; state++) {
      int from = state;
      for (int control = wires - 1; control >= 0; control--) { // undone from the last to the first
        int target = (control + step) % wires;
        from ^= bit(from, control) << (wires - 1 - target);
      }
      source[state] = from;
    }
    return Tensor.create(source);
  }

  private int bit(int state, int wire) {
    return state >> (wires - 1 - wire) & 1;
  }

  /** 1 where a wire is 0 in a basis state, -1 where it is 1: {@code [2^wires, wires]}. */
  private Tensor signs(Tensor like) {
    double[] signs = new double[(1 << wires) * wires];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = 1 - 2 * bit(i / wires, i % wires);
    }
    return Tensor.create(signs, 1L << wires, wires).to(like.device(), like.scalar_type());
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weights", weights);
  }
}
