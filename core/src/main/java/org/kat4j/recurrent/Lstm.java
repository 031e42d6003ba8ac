package org.kat4j.recurrent;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Registry;

/**
 * Long short-term memory, {@code torch.nn.LSTM}: with gates i, f, g, o of the input and the state
 * h, the memory is c' = sigmoid(f) c + sigmoid(i) a(g), and what is given out h' = sigmoid(o)
 * a(c').
 *
 * <p>Source: Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 1997; the
 * forget gate of Gers and others, 2000.
 */
public final class Lstm implements Cell, Cell.Fused {
  private static final int GATES = 4;

  /**
   * Long short-term memory.
   *
   * @param nonlinearity a: tanh as a rule; relu in KACQ-DCNN, step by step
   * @param bias of the gates
   */
  @Kind("lstm")
  public record Spec(Nonlinearity nonlinearity, Bias bias) implements Cell.Spec {
    public static Spec example() {
      return new Spec(Nonlinearity.TANH, Bias.BOTH);
    }

    @Override
    public Cell build(int in, int hidden, Context context) {
      return new Lstm(this, in, hidden, context);
    }

    @Override
    public long macs(int in, int hidden) {
      return (long) GATES * hidden * (in + hidden);
    }
  }

  private final Spec spec;
  private final GateWeights weights;

  private Lstm(Spec spec, int in, int hidden, Context context) {
    this.spec = spec;
    weights = new GateWeights(GATES, in, hidden, spec.bias, context);
  }

  @Override
  public int states() {
    return 2;
  }

  @Override
  public Tensor inputs(Tensor x) {
    return weights.ofInput(x);
  }

  @Override
  public List<Tensor> step(Tensor input, List<Tensor> state) {
    Tensor gates = input.add(weights.ofState(state.get(0)));
    Tensor candidate = spec.nonlinearity.apply(weights.gate(gates, 2));
    Tensor kept = weights.gate(gates, 1).sigmoid().mul(state.get(1));
    Tensor memory = kept.add(weights.gate(gates, 0).sigmoid().mul(candidate));
    Tensor out = weights.gate(gates, 3).sigmoid().mul(spec.nonlinearity.apply(memory));
    return List.of(out, memory);
  }

  @Override
  public Optional<Fused> fused() {
    return spec.nonlinearity == Nonlinearity.TANH ? Optional.of(this) : Optional.empty();
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
    TensorVector start = new TensorVector(state.toArray(Tensor[]::new));
    boolean biases = spec.bias != Bias.NONE;
    T_TensorTensorTensor_T result =
        torch.lstm(x, start, all, biases, layers, 0, differentiated, bothWays, true);
    return new Sequence(result.get0(), List.of(result.get1(), result.get2()));
  }

  @Override
  public void register(Registry registry) {
    weights.register(registry);
  }
}
