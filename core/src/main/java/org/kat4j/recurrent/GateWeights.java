package org.kat4j.recurrent;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Part;
import org.kat4j.torch.Registry;

/**
 * The linear maps from input and state to gates, which stand one below the other: {@code weight_ih
 * [gates * hidden, in]}, {@code weight_hh [gates * hidden, hidden]}, and their biases.
 *
 * <p>All start uniform on +-1 / sqrt(hidden), as in PyTorch.
 */
final class GateWeights implements Part {
  private final int hidden;
  private final Tensor ofInput;
  private final Tensor ofState;
  private final @Nullable Tensor inputBias;
  private final @Nullable Tensor stateBias;

  GateWeights(int gates, int in, int hidden, Bias bias, Context context) {
    this.hidden = hidden;
    long rows = (long) gates * hidden;
    ofInput = context.parameter(rows, in);
    ofState = context.parameter(rows, hidden);
    inputBias = bias == Bias.NONE ? null : context.parameter(rows);
    stateBias = bias == Bias.BOTH ? context.parameter(rows) : null;
    if (!context.overwritten()) {
      double bound = 1 / Math.sqrt(hidden);
      tensors().forEach(tensor -> Init.uniform(tensor, bound, context.random()));
    }
  }

  /** {@code [..., in]} to {@code [..., gates * hidden]}. */
  Tensor ofInput(Tensor x) {
    Tensor product = torch.linear(x, ofInput);
    return inputBias == null ? product : product.add(inputBias);
  }

  /** {@code [batch, hidden]} to {@code [batch, gates * hidden]}. */
  Tensor ofState(Tensor state) {
    Tensor product = torch.linear(state, ofState);
    return stateBias == null ? product : product.add(stateBias);
  }

  /** The gate of this number. */
  Tensor gate(Tensor gates, int index) {
    return gates.narrow(1, (long) index * hidden, hidden);
  }

  /** In the order of libtorch's operations, which know two biases or none. */
  List<Tensor> forFused() {
    List<Tensor> tensors = tensors();
    if (inputBias != null && stateBias == null) {
      tensors.add(torch.zeros_like(inputBias));
    }
    return tensors;
  }

  private List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>(List.of(ofInput, ofState));
    if (inputBias != null) {
      tensors.add(inputBias);
    }
    if (stateBias != null) {
      tensors.add(stateBias);
    }
    return tensors;
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("weight_ih", ofInput);
    registry.tensor("weight_hh", ofState);
    if (inputBias != null) {
      registry.tensor("bias_ih", inputBias);
    }
    if (stateBias != null) {
      registry.tensor("bias_hh", stateBias);
    }
  }
}
