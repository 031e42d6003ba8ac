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

/**
 * Gated recurrent unit, {@code torch.nn.GRU}: with gates r, z and n, h' = z h + (1 - z) tanh(n_x +
 * sigmoid(r) n_h), where n_x is the input's part of n and n_h the state's.
 *
 * <p>Source: Cho and others, arXiv 1406.1078, with the reset gate after the product as in cuDNN.
 */
public final class Gru implements Cell, Cell.Fused {
  private static final int GATES = 3;

  /**
   * Gated recurrent unit.
   *
   * @param bias of the gates
   */
  @Kind("gru")
  public record Spec(Bias bias) implements Cell.Spec {
    public static Spec example() {
      return new Spec(Bias.BOTH);
    }

    @Override
    public Cell build(int in, int hidden, Context context) {
      return new Gru(this, in, hidden, context);
    }

    @Override
    public long macs(int in, int hidden) {
      return (long) GATES * hidden * (in + hidden);
    }
  }

  private final Spec spec;
  private final GateWeights weights;

  private Gru(Spec spec, int in, int hidden, Context context) {
    this.spec = spec;
    weights = new GateWeights(GATES, in, hidden, spec.bias, context);
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
    Tensor h = state.getFirst();
    Tensor ofState = weights.ofState(h);
    Tensor reset = weights.gate(input, 0).add(weights.gate(ofState, 0)).sigmoid();
    Tensor kept = weights.gate(input, 1).add(weights.gate(ofState, 1)).sigmoid();
    Tensor fresh = weights.gate(input, 2).add(reset.mul(weights.gate(ofState, 2))).tanh();
    return List.of(fresh.add(kept.mul(h.sub(fresh)))); // z h + (1 - z) n
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
    T_TensorTensor_T result =
        torch.gru(x, state.getFirst(), all, biases, layers, 0, differentiated, bothWays, true);
    return new Sequence(result.get0(), List.of(result.get1()));
  }

  @Override
  public void register(Registry registry) {
    weights.register(registry);
  }
}
