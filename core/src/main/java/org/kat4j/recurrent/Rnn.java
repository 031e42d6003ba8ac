package org.kat4j.recurrent;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Registry;

/** h' = f(W x + b + U h + c): Elman's cell, {@code torch.nn.RNN}. */
public final class Rnn implements Cell, Cell.Fused {
  /**
   * Elman's cell.
   *
   * @param nonlinearity f
   * @param bias which of b and c there are
   */
  @Kind("rnn")
  public record Spec(Nonlinearity nonlinearity, Bias bias) implements Cell.Spec {
    public static Spec example() {
      return new Spec(Nonlinearity.TANH, Bias.BOTH);
    }

    @Override
    public Cell build(int in, int hidden, Context context) {
      return new Rnn(this, in, hidden, context);
    }

    @Override
    public long macs(int in, int hidden) {
      return (long) hidden * (in + hidden);
    }
  }

  private final Spec spec;
  private final GateWeights weights;

  private Rnn(Spec spec, int in, int hidden, Context context) {
    this.spec = spec;
    weights = new GateWeights(1, in, hidden, spec.bias, context);
  }

  @Override
  public int states() {
    return 1;
  }

  @Override
  public Tensor inputs(Tensor x) {
    return weights.ofInput(x);
  }

  @Override
  public List<Tensor> step(Tensor input, List<Tensor> state) {
    return List.of(spec.nonlinearity.apply(input.add(weights.ofState(state.getFirst()))));
  }

  @Override
  public Optional<Fused> fused() {
    return Optional.of(this);
  }

  @Override
  public List<Tensor> weights() {
    return weights.forFused();
  }

  @Override
  public Sequence run(
      Tensor x,
      List<Tensor> state,
      TensorVector all,
      int layers,
      boolean differentiated,
      boolean bothWays) {
    boolean biases = spec.bias != Bias.NONE;
    Tensor h = state.getFirst();
    T_TensorTensor_T result =
        switch (spec.nonlinearity) {
          case TANH -> torch.rnn_tanh(x, h, all, biases, layers, 0, differentiated, bothWays, true);
          case RELU -> torch.rnn_relu(x, h, all, biases, layers, 0, differentiated, bothWays, true);
        };
    return new Sequence(result.get0(), List.of(result.get1()));
  }

  @Override
  public void register(Registry registry) {
    weights.register(registry);
  }
}
