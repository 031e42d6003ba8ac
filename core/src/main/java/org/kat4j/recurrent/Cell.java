package org.kat4j.recurrent;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;

/** From one step of a sequence to the next: a state, to which each step's input adds. */
public interface Cell extends Part {
  /** A cell as data. Every spec has a static {@code example()}. */
  sealed interface Spec permits Rnn.Spec, Lstm.Spec, Gru.Spec {
    /** The cell from inputs of width {@code in} to states of width {@code hidden}. */
    Cell build(int in, int hidden, Context context);

    /** Multiply-accumulates of one step of one sample. */
    long macs(int in, int hidden);
  }

  /** How many tensors a state has; the first of them is what the cell gives out. */
  int states();

  /**
   * What the inputs of all steps contribute, computed at once.
   *
   * @param x {@code [batch, steps, in]}
   * @return {@code [batch, steps, any]}
   */
  Tensor inputs(Tensor x);

  /**
   * The next state.
   *
   * @param input {@code [batch, any]}, a step of {@link #inputs}
   * @param state of {@code [batch, hidden]} each
   */
  List<Tensor> step(Tensor input, List<Tensor> state);

  /** The same over all steps and layers as one operation of libtorch, if it has one. */
  default Optional<Fused> fused() {
    return Optional.empty();
  }

  /** An operation over all steps of layers of equal cells. */
  interface Fused {
    /** The tensors of this cell in the operation's order. */
    List<Tensor> weights();

    /**
     * Runs all layers.
     *
     * @param x {@code [batch, steps, in]}
     * @param state of {@code [layers * directions, batch, hidden]} each
     * @param weights of all cells: by layer, then direction
     * @param layers how many
     * @param differentiated whether gradients are wanted, of which cuDNN has to know
     * @param bothWays whether every layer has two directions
     */
    Sequence run(
        Tensor x,
        List<Tensor> state,
        TensorVector weights,
        int layers,
        boolean differentiated,
        boolean bothWays);
  }

  /**
   * What comes out of a sequence.
   *
   * @param outputs of every step: {@code [batch, steps, directions * hidden]}
   * @param last the state at the end, of {@code [layers * directions, batch, hidden]} each
   */
  record Sequence(Tensor outputs, List<Tensor> last) {}
}
