package org.kat4j.function.kan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * S-KAN: a pool of KAN layers of different bases with learned weights of selection, trained
 * together, then sharpened, then cut down to the chosen ones.
 *
 * <p>y = sum over k of p_k phi_k(x) / s_k, p = softmax(selection / temperature), s_k the deviation
 * of phi_k on the first batch that {@link #calibrate} sees. Members with norms inside are no sums
 * of functions of one input. Source: S-KAN, arXiv 2408.08338; the selection is a reconstruction,
 * the paper's code of it is not published.
 */
public final class Selection implements KanLayer {
  /** What has a choice of its own. */
  public enum Granularity {
    /** The layer. */
    LAYER,
    /** Every output. */
    OUTPUT
  }

  /**
   * @param bSpline a member of the pool
   * @param radialBasis a member
   * @param chebyshev a member
   * @param wavelet a member
   * @param reluBumps a member
   * @param granularity what has a choice of its own
   */
  @Kind("selection")
  public record Spec(
      BSpline.Spec bSpline,
      RadialBasis.Spec radialBasis,
      Chebyshev.Spec chebyshev,
      Wavelet.Spec wavelet,
      ReluBumps.Spec reluBumps,
      Granularity granularity)
      implements KanLayer.Spec {
    public static Spec example() {
      return new Spec(
          BSpline.Spec.example(),
          RadialBasis.Spec.example(),
          Chebyshev.Spec.example(),
          Wavelet.Spec.example(),
          ReluBumps.Spec.example(),
          Granularity.OUTPUT);
    }

    private List<KanLayer.Spec> pool() {
      return List.of(bSpline, radialBasis, chebyshev, wavelet, reluBumps);
    }

    @Override
    public Selection build(int in, int out, Context context) {
      List<KanLayer> members = new ArrayList<>();
      for (KanLayer.Spec member : pool()) {
        members.add(member.build(in, out, context));
      }
      return new Selection(members, out, granularity, context);
    }

    /** Of all members: the count before the choice. */
    @Override
    public long macs(int in, int out) {
      return pool().stream().mapToLong(member -> member.macs(in, out) + out).sum();
    }
  }

  private final List<KanLayer> members;
  private final Tensor selection; // [members, 1 or out]
  private final Tensor scale; // [members]
  private double temperature = 1;
  private boolean hard;

  /** A pool of any layers of equal widths; all are weighed alike at the start. */
  public Selection(List<KanLayer> members, int out, Granularity granularity, Context context) {
    Check.atLeast("members", members.size(), 1);
    this.members = List.copyOf(members);
    selection = context.parameter(members.size(), granularity == Granularity.LAYER ? 1 : out);
    double[] ones = new double[members.size()];
    Arrays.fill(ones, 1);
    scale = context.buffer(ones, members.size());
  }

  /** The second phase: lower temperatures make softer choices harder; above 0. */
  public void sharpen(double newTemperature) {
    Check.positive("temperature", newTemperature);
    temperature = newTemperature;
  }

  /** The end of the second phase: the likeliest member alone, with the gradient of the mixture. */
  public void harden() {
    hard = true;
  }

  /** Divides every member by the deviation of its values, so that none wins by size alone. */
  public void calibrate(Tensor x) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      for (int k = 0; k < members.size(); k++) {
        double deviation = members.get(k).forward(x, Pass.evaluation()).std().item_double();
        scale.select(0, k).fill_(new Scalar(deviation > 0 ? deviation : 1));
      }
    }
  }

  /** p, {@code [members, 1 or out]}. */
  public Tensor probabilities() {
    Tensor soft = torch.softmax(selection.div(new Scalar(temperature)), 0);
    if (!hard) {
      return soft;
    }
    Tensor chosen = torch.zeros_like(soft).scatter_(0, choice().unsqueeze(0), new Scalar(1.0));
    return chosen.sub(soft.detach()).add(soft); // straight through
  }

  /** The likeliest member, {@code [1 or out]}, int64. */
  public Tensor choice() {
    return selection.detach().argmax(new LongOptional(0), false);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    TensorVector outputs = new TensorVector();
    for (KanLayer member : members) {
      outputs.push_back(member.forward(x, pass));
    }
    Tensor all = torch.stack(outputs, -2); // [..., members, out]
    return all.mul(probabilities().div(scale.unsqueeze(1))).sum(-2);
  }

  /**
   * The third phase: members that no output chose are dropped, and each output takes the one it
   * chose. The result computes what the hard choice computes.
   *
   * <p>A member that some outputs chose keeps the parameters of the others; they get no gradient.
   */
  public KanLayer pruned() {
    return new Pruned(members, Memory.doubles(scale), Memory.longs(choice()));
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("selection", selection);
    registry.tensor("scale", scale);
    for (int k = 0; k < members.size(); k++) {
      registry.part("members." + k, members.get(k));
    }
  }

  /** The members that were chosen, each for its outputs. */
  private static final class Pruned implements KanLayer {
    private final SequencedMap<Integer, KanLayer> survivors = new LinkedHashMap<>();
    private final double[] scale;
    private final long[] choice; // [1 or out]

    Pruned(List<KanLayer> members, double[] scale, long[] choice) {
      this.scale = scale;
      this.choice = choice;
      for (int k = 0; k < members.size(); k++) {
        int number = k;
        if (Arrays.stream(choice).anyMatch(chosen -> chosen == number)) {
          survivors.put(k, members.get(k));
        }
      }
    }

    @Override
    public Tensor forward(Tensor x, Pass pass) {
      Map<Integer, Tensor> values = new HashMap<>();
      survivors.forEach(
          (k, member) -> values.put(k, member.forward(x, pass).div(new Scalar(scale[k]))));
      if (choice.length == 1) {
        return values.values().iterator().next();
      }
      TensorVector outputs = new TensorVector();
      for (int o = 0; o < choice.length; o++) {
        outputs.push_back(Objects.requireNonNull(values.get((int) choice[o])).select(-1, o));
      }
      return torch.stack(outputs, -1);
    }

    @Override
    public void register(Registry registry) {
      survivors.forEach((k, member) -> registry.part("members." + k, member));
    }
  }
}
