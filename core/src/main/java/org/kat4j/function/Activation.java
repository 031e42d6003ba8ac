package org.kat4j.function;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Fixed scalar functions, as PyTorch defines them: the base branch and the bumps of KAN layers. */
public enum Activation {
  SILU(torch::silu),
  RELU(torch::relu),
  GELU(torch::gelu),
  TANH(torch::tanh),
  SIGMOID(torch::sigmoid),
  SOFTPLUS(torch::softplus),
  LEAKY_RELU(torch::leaky_relu),
  ELU(torch::elu),
  SELU(torch::selu),
  IDENTITY(x -> x),
  ZERO(torch::zeros_like);

  private final UnaryOperator<Tensor> function;

  Activation(UnaryOperator<Tensor> function) {
    this.function = function;
  }

  /** The function of every element. */
  public Tensor apply(Tensor x) {
    return function.apply(x);
  }
}
