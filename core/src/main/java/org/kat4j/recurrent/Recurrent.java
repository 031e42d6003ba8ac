package org.kat4j.recurrent;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.recurrent.Cell.Sequence;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * Layers of recurrent cells over a sequence, in one direction or in both: {@code torch.nn.RNN},
 * {@code LSTM}, {@code GRU}, with their state-dict names.
 *
 * <p>Runs as one operation of libtorch where the cell has one; step by step where second
 * derivatives are wanted.
 */
public final class Recurrent implements Part {
  /**
   * Layers of recurrent cells.
   *
   * @param cell of every layer
   * @param hidden width of the state
   * @param layers how many; each reads what the one below gives out
   * @param bidirectional whether every layer also reads from the end, with weights of its own; what
   *     both give out stands side by side
   * @param dropout between layers
   */
  public record Spec(
      Cell.Spec cell, int hidden, int layers, boolean bidirectional, double dropout) {
    public Spec {
      Check.atLeast("hidden", hidden, 1);
      Check.between("layers", layers, 1, 1000);
      Check.inRange("dropout", dropout, 0, 1);
    }

    public static Spec example() {
      return new Spec(Lstm.Spec.example(), 64, 1, false, 0);
    }

    public Recurrent build(int in, Context context) {
      return new Recurrent(this, in, context);
    }

    /** Width of what is given out. */
    public int out() {
      return directions() * hidden;
    }

    int directions() {
      return bidirectional ? 2 : 1;
    }

    /** Width of what this layer reads. */
    private int in(int layer, int in) {
      return layer == 0 ? in : out();
    }

    /** Multiply-accumulates of one step of one sample. */
    public long macs(int in) {
      return IntStream.range(0, layers)
          .mapToLong(layer -> directions() * cell.macs(in(layer, in), hidden))
          .sum();
    }
  }

  private final Spec spec;
  private final boolean fused;
  private final List<Cell> cells = new ArrayList<>(); // by layer, then direction

  private Recurrent(Spec spec, int in, Context context) {
    this.spec = spec;
    for (int i = 0; i < spec.layers * spec.directions(); i++) {
      cells.add(spec.cell.build(spec.in(i / spec.directions(), in), spec.hidden, context));
    }
    fused = context.fused() && cells.getFirst().fused().isPresent();
  }

  /** {@code [batch, steps, in]} to {@code [batch, steps, out]}, from a state of zeros. */
  public Tensor forward(Tensor x, Pass pass) {
    Tensor zeros = x.new_zeros(cells.size(), x.size(0), spec.hidden);
    List<Tensor> state = Collections.nCopies(cells.getFirst().states(), zeros);
    return forward(x, state, pass).outputs();
  }

  /**
   * The same from a given state.
   *
   * @param state of {@code [layers * directions, batch, hidden]} each: h; for an LSTM h and c
   */
  public Sequence forward(Tensor x, List<Tensor> state, Pass pass) {
    long[] shape = {cells.size(), x.size(0), spec.hidden};
    if (state.size() != cells.getFirst().states()
        || !state.stream().allMatch(part -> Arrays.equals(part.shape(), shape))) {
      throw new IllegalArgumentException(
          "%d states of %s are needed"
              .formatted(cells.getFirst().states(), Arrays.toString(shape)));
    }
    if (fused && (spec.dropout == 0 || !pass.training())) {
      return fused(x, state, 0, spec.layers);
    }
    Tensor y = x;
    List<Sequence> layers = new ArrayList<>();
    for (int layer = 0; layer < spec.layers; layer++) {
      Tensor read = layer == 0 ? x : Dropout.elements(y, spec.dropout, pass);
      layers.add(fused ? fused(read, state, layer, 1) : stepped(read, state, layer));
      y = layers.getLast().outputs();
    }
    return new Sequence(y, joined(layers));
  }

  /** Some layers as one operation; dropout is not left to it, since its numbers are not ours. */
  private Sequence fused(Tensor x, List<Tensor> state, int first, int layers) {
    int from = first * spec.directions();
    int count = layers * spec.directions();
    TensorVector weights = new TensorVector();
    for (Cell cell : cells.subList(from, from + count)) {
      cell.fused().orElseThrow().weights().forEach(weights::push_back);
    }
    List<Tensor> own =
        state.stream().map(part -> part.narrow(0, from, count).contiguous()).toList();
    return cells
        .getFirst()
        .fused()
        .orElseThrow()
        .run(x, own, weights, layers, GradMode.is_enabled(), spec.bidirectional);
  }

  private Sequence stepped(Tensor x, List<Tensor> state, int layer) {
    List<Sequence> directions = new ArrayList<>();
    for (int direction = 0; direction < spec.directions(); direction++) {
      int index = layer * spec.directions() + direction;
      List<Tensor> own = state.stream().map(part -> part.select(0, index)).toList();
      directions.add(
          direction == 0
              ? stepped(cells.get(index), x, own)
              : reversed(stepped(cells.get(index), x.flip(1), own)));
    }
    TensorVector outputs = new TensorVector();
    directions.forEach(direction -> outputs.push_back(direction.outputs()));
    Tensor sideBySide = directions.size() == 1 ? outputs.front() : torch.cat(outputs, 2);
    return new Sequence(sideBySide, joined(directions));
  }

  private static Sequence reversed(Sequence sequence) {
    return new Sequence(sequence.outputs().flip(1), sequence.last());
  }

  /** One direction of one layer; the state at the end gets a first axis of one. */
  private static Sequence stepped(Cell cell, Tensor x, List<Tensor> start) {
    Tensor inputs = cell.inputs(x);
    List<Tensor> state = start;
    TensorVector outputs = new TensorVector();
    for (long step = 0; step < x.size(1); step++) {
      state = cell.step(inputs.select(1, step), state);
      outputs.push_back(state.getFirst());
    }
    List<Tensor> last = state.stream().map(part -> part.unsqueeze(0)).toList();
    return new Sequence(torch.stack(outputs, 1), last);
  }

  /** The states at the end, along their first axis. */
  private List<Tensor> joined(List<Sequence> parts) {
    return IntStream.range(0, cells.getFirst().states())
        .mapToObj(i -> {
          TensorVector all = new TensorVector();
          parts.forEach(part -> all.push_back(part.last().get(i)));
          return torch.cat(all, 0);
        })
        .toList();
  }

  @Override
  public void register(Registry registry) {
    for (int i = 0; i < cells.size(); i++) {
      String layer = "_l" + i / spec.directions();
      String suffix = i % spec.directions() == 0 ? layer : layer + "_reverse";
      cells.get(i).register(new Suffixed(registry, suffix));
    }
  }

  /** PyTorch puts layer and direction behind the names of a cell's tensors. */
  private record Suffixed(Registry registry, String suffix) implements Registry {
    @Override
    public void tensor(String name, Tensor tensor) {
      registry.tensor(name + suffix, tensor);
    }

    @Override
    public void part(String name, Part child) {
      registry.part(name + suffix, child);
    }
  }
}
