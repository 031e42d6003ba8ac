package org.kat4j.function.kan;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * A pool of parts that is weighed, sharpened, and cut down to what was chosen: the selection of
 * S-KAN, for layers and for convolutions.
 *
 * <p>y = sum over k of p_k phi_k(x) / s_k, p = softmax(selection / temperature), s_k the deviation
 * of phi_k on the first batch that {@link #calibrate} sees. All are weighed alike at the start.
 * Source: S-KAN, arXiv 2408.08338; the selection is a reconstruction, the paper's code of it is not
 * published.
 */
public final class Selector<M extends Part> implements Part {
  /** What has a choice of its own. */
  public enum Granularity {
    /** The layer. */
    LAYER,
    /** Every output. */
    OUTPUT
  }

  /** The value of a member. */
  @FunctionalInterface
  public interface Forward<M> {
    Tensor of(M member, Tensor x, Pass pass);
  }

  private final List<M> members;
  private final Forward<M> forward;
  private final int axesBehind;
  private final Tensor selection; // [members, 1 or out]
  private final Tensor scale; // [members]
  private final Tensor temperature; // a scalar
  private final Tensor hard; // a scalar, whether the end of the second phase was reached

  /**
   * @param members of equal widths, at least one
   * @param forward the value of one of them
   * @param axesBehind number of axes behind that of the outputs: 0 for rows, 2 for images
   * @param out number of outputs
   */
  public Selector(
      List<? extends M> members,
      Forward<M> forward,
      int axesBehind,
      int out,
      Granularity granularity,
      Context context) {
    Check.atLeast("members", members.size(), 1);
    this.members = List.copyOf(members);
    this.forward = forward;
    this.axesBehind = axesBehind;
    selection = context.parameter(members.size(), granularity == Granularity.LAYER ? 1 : out);
    scale = context.buffer(new double[] {1}, members.size());
    temperature = context.buffer(new double[] {1});
    hard = context.flag();
  }

  /** The second phase: lower temperatures make softer choices harder; above 0. */
  public void sharpen(double newTemperature) {
    Check.positive("temperature", newTemperature);
    Context.assign(temperature, newTemperature);
  }

  /** The end of the second phase: the likeliest member alone, with the gradient of the mixture. */
  public void harden() {
    Context.assign(hard, 1);
  }

  /** Divides every member by the deviation of its values, so that none wins by size alone. */
  public void calibrate(Tensor x) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      for (int k = 0; k < members.size(); k++) {
        Tensor value = forward.of(members.get(k), x, Pass.evaluation());
        double deviation = value.std().item_double();
        scale.select(0, k).fill_(new Scalar(deviation > 0 ? deviation : 1));
      }
    }
  }

  /** p, {@code [members, 1 or out]}. */
  public Tensor probabilities() {
    Tensor soft = torch.softmax(selection.div(temperature), 0);
    Tensor chosen = torch.zeros_like(soft).scatter_(0, choice().unsqueeze(0), new Scalar(1.0));
    // Straight through; the host does not ask the device whether it is time.
    return chosen.sub(soft).detach().mul(hard).add(soft);
  }

  /** The likeliest member, {@code [1 or out]}, int64. */
  public Tensor choice() {
    return selection.detach().argmax(new LongOptional(0), false);
  }

  /** The mixture. */
  public Tensor forward(Tensor x, Pass pass) {
    Tensor weights = probabilities().div(scale.unsqueeze(1)); // [members, 1 or out]
    long[] alongOutputs = new long[1 + axesBehind];
    Arrays.fill(alongOutputs, 1);
    alongOutputs[0] = -1;
    Tensor sum = null;
    for (int k = 0; k < members.size(); k++) {
      Tensor weight = weights.select(0, k).view(alongOutputs);
      Tensor part = forward.of(members.get(k), x, pass).mul(weight);
      sum = sum == null ? part : sum.add(part);
    }
    return Objects.requireNonNull(sum);
  }

  /**
   * The third phase: members that no output chose are dropped, and each output takes the one it
   * chose. The result computes what the hard choice computes, and shares its members with the pool.
   *
   * <p>A member that some outputs chose keeps the parameters of the others; they get no gradient.
   */
  public Chosen<M> chosen() {
    return new Chosen<>(this, Memory.longs(choice()));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("selection", selection);
    registry.tensor("scale", scale);
    registry.tensor("temperature", temperature);
    registry.tensor("hard", hard);
    for (int k = 0; k < members.size(); k++) {
      registry.part("members." + k, members.get(k));
    }
  }

  /** The members that were chosen, each for its outputs. */
  public static final class Chosen<M extends Part> implements Part {
    private final SortedMap<Integer, M> survivors = new TreeMap<>();
    private final Forward<M> forward;
    private final int axis; // of the outputs, from behind
    private final double[] scale;
    private final long[] choice; // [1 or out]

    private Chosen(Selector<M> pool, long[] choice) {
      this.choice = choice;
      forward = pool.forward;
      axis = -1 - pool.axesBehind;
      scale = Memory.doubles(pool.scale);
      for (long k : choice) {
        survivors.put((int) k, pool.members.get((int) k));
      }
    }

    public Tensor forward(Tensor x, Pass pass) {
      Map<Integer, Tensor> values = new HashMap<>();
      survivors.forEach(
          (k, member) -> values.put(k, forward.of(member, x, pass).div(new Scalar(scale[k]))));
      if (choice.length == 1) {
        return values.values().iterator().next();
      }
      TensorVector outputs = new TensorVector();
      for (int o = 0; o < choice.length; o++) {
        outputs.push_back(Objects.requireNonNull(values.get((int) choice[o])).select(axis, o));
      }
      return torch.stack(outputs, axis);
    }

    @Override
    public void register(Registry registry) {
      survivors.forEach((k, member) -> registry.part("members." + k, member));
    }
  }
}
