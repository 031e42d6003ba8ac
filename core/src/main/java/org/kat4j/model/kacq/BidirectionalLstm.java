package org.kat4j.model.kacq;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * Two LSTMs over a sequence, one from each end, their states side by side.
 *
 * <p>Sigmoid gates in the order input, forget, candidate, output; the candidate and the state's way
 * out are relu instead of tanh, as KACQ-DCNN has them. The forget gate starts at 1; recurrent
 * weights start uniform (Glorot), where Keras draws orthogonal ones.
 */
final class BidirectionalLstm implements Part {
  private final Direction forward;
  private final Direction backward;

  BidirectionalLstm(int in, int units, Context context) {
    forward = new Direction(in, units, context);
    backward = new Direction(in, units, context);
  }

  /** {@code [rows, steps, in]} to {@code [rows, steps, 2 units]}. */
  Tensor forward(Tensor x) {
    Tensor there = forward.run(x);
    Tensor back = backward.run(x.flip(1)).flip(1);
    return torch.cat(new TensorVector(there, back), 2);
  }

  @Override
  public void register(Registry registry) {
    registry.part("forward", forward);
    registry.part("backward", backward);
  }

  private static final class Direction implements Part {
    private final int units;
    private final Tensor kernel; // [4 units, in]
    private final Tensor recurrent; // [4 units, units]
    private final Tensor bias; // [4 units]

    Direction(int in, int units, Context context) {
      this.units = units;
      kernel = context.parameter(4L * units, in);
      recurrent = context.parameter(4L * units, units);
      double[] start = new double[4 * units];
      Arrays.fill(start, units, 2 * units, 1);
      bias = context.parameter(start, 4L * units);
      Init.xavierUniform(kernel, context.random());
      Init.xavierUniform(recurrent, context.random());
    }

    Tensor run(Tensor x) {
      Tensor inputs = torch.linear(x, kernel).add(bias); // [rows, steps, 4 units]
      Tensor state = torch.zeros_like(inputs.select(1, 0).narrow(1, 0, units));
      Tensor cell = state;
      List<Tensor> states = new ArrayList<>();
      for (long step = 0; step < x.size(1); step++) {
        Tensor gates = inputs.select(1, step).add(torch.linear(state, recurrent));
        Tensor candidate = gate(gates, 2).relu();
        cell = gate(gates, 1).sigmoid().mul(cell).add(gate(gates, 0).sigmoid().mul(candidate));
        state = gate(gates, 3).sigmoid().mul(cell.relu());
        states.add(state);
      }
      return torch.stack(new TensorVector(states.toArray(Tensor[]::new)), 1);
    }

    private Tensor gate(Tensor gates, int index) {
      return gates.narrow(1, (long) index * units, units);
    }

    @Override
    public void register(Registry registry) {
      registry.tensor("kernel", kernel);
      registry.tensor("recurrent_kernel", recurrent);
      registry.tensor("bias", bias);
    }
  }
}
