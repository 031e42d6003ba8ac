package org.kat4j.function.kan;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.config.Check;
import org.kat4j.config.Kind;
import org.kat4j.function.Activation;
import org.kat4j.kernel.EdgeFunction;
import org.kat4j.torch.Context;
import org.kat4j.torch.Init;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * QKAN: on every edge a circuit of one qubit that uploads its input again and again between
 * trainable rotations (data re-uploading activation, DARUAN).
 *
 * <p>y_o = sum over i of mask (pw (q_oi(x_i) + pb) + base_weight base(x_i)). The qubit is carried
 * as its Bloch vector (X, Y, Z), three real numbers, from (1, 0, 0). A kernel of the CPU sums the
 * edges of all circuits but PX; else all their values {@code [rows, out, in]} are in memory.
 * Source: arXiv 2509.14026; names of Jim137/qkan.
 */
public final class Daruan implements KanLayer {
  /** The gates between two uploads, and how an upload turns the qubit. */
  public enum Ansatz {
    /** RZ, RY, upload RZ; at the end RZ, RY. */
    PZ(2, true),
    /** RY, upload RZ; at the end RY. */
    RPZ(1, true),
    /** RZ, upload RX(arccos); at the end RZ. Not a number for uploads outside of [-1, 1]. */
    PX(1, true),
    /** X, RY, Z, upload RY. */
    REAL(1, false),
    /** RZ, RX, upload RY; at the end RZ, RX. */
    MIX(2, true);

    private final int gates;
    private final boolean closing;

    Ansatz(int gates, boolean closing) {
      this.gates = gates;
      this.closing = closing;
    }
  }

  /** What is read off the qubit. */
  public enum Measurement {
    /** &lt;Z&gt; = |a|^2 - |b|^2: a Fourier sum; what hardware measures. */
    EXACT,
    /** |a| - |b|: the official code's default, with infinite slope in Z at +-1. */
    FAST
  }

  /** Weights of the uploads at the start. */
  public enum Start {
    /** 1, 1, 1, ...: frequencies 0 to r. */
    ONES(1),
    /** 1, 2, 4, ...: frequencies 0 to 2^r - 1. */
    POWERS_OF_TWO(2),
    /** 1, 3, 9, ...: frequencies 0 to (3^r - 1) / 2. */
    POWERS_OF_THREE(3);

    private final int factor;

    Start(int factor) {
      this.factor = factor;
    }
  }

  /**
   * @param repetitions r, number of uploads, 1 to 64
   * @param ansatz the circuit
   * @param measurement what is read off
   * @param trainUploads whether weights and biases of the uploads are trained
   * @param trainScale whether pw is trained
   * @param trainOffset whether pb is trained
   * @param base function of the base branch
   * @param trainBase whether the base branch is trained; untrained it is 0
   * @param start weights of the uploads
   * @param groups 0: every edge has a circuit of its own; else the number of circuits that the
   *     inputs take in turn, for all outputs alike
   */
  @Kind("daruan")
  public record Spec(
      int repetitions,
      Ansatz ansatz,
      Measurement measurement,
      boolean trainUploads,
      boolean trainScale,
      boolean trainOffset,
      Activation base,
      boolean trainBase,
      Start start,
      int groups)
      implements KanLayer.Spec {
    public Spec {
      Check.between("repetitions", repetitions, 1, 64);
      Check.atLeast("groups", groups, 0);
      if (ansatz == Ansatz.RPZ && !trainUploads) {
        throw new IllegalArgumentException("ansatz = rpz: needs trainUploads = true");
      }
    }

    /** Three uploads, everything trained: inputs are scaled to the target's period by training. */
    public static Spec example() {
      return new Spec(
          3, Ansatz.PZ, Measurement.FAST, true, true, true, Activation.SILU, true, Start.ONES, 0);
    }

    private int rows() {
      return repetitions + (ansatz.closing ? 1 : 0);
    }

    Spec withRepetitions(int other) {
      return new Spec(
          other,
          ansatz,
          measurement,
          trainUploads,
          trainScale,
          trainOffset,
          base,
          trainBase,
          start,
          groups);
    }

    @Override
    public Daruan build(int in, int out, Context context) {
      return new Daruan(this, in, out, context);
    }

    @Override
    public long macs(int in, int out) {
      // A rotation is four multiply-adds, an upload one more.
      return (long) in * out * (rows() * ansatz.gates * 4L + repetitions * 5L + 3);
    }
  }

  private final Spec spec;
  private final boolean fused;
  private final int in;
  private final int out;
  private final Tensor theta; // [out, in, rows, gates] or [groups, rows, gates]
  private final Tensor uploadWeight; // [out, in, r] or [groups, r]
  private final Tensor uploadBias; // likewise
  private final Tensor baseWeight; // [out, in]
  private final Tensor scale; // [out, in]
  private final Tensor offset; // [out, in]
  private final Tensor mask; // [out, in]

  private Daruan(Spec spec, int in, int out, Context context) {
    this.spec = spec;
    fused = context.fused();
    this.in = in;
    this.out = out;
    int r = spec.repetitions;
    int rows = spec.rows();
    int gates = spec.ansatz.gates;
    theta = context.parameter(shape(rows, gates));
    double[] weights = new double[r];
    Arrays.setAll(weights, l -> Math.pow(spec.start.factor, l));
    uploadWeight = repeated(weights, spec.trainUploads, context, shape(r));
    uploadBias = repeated(new double[] {0}, spec.trainUploads, context, shape(r));
    double[] base = {spec.trainBase ? 0.5 : 0};
    baseWeight = repeated(base, spec.trainBase, context, out, in);
    scale = repeated(new double[] {1}, spec.trainScale, context, out, in);
    offset = repeated(new double[] {0}, spec.trainOffset, context, out, in);
    mask = context.buffer(new double[] {1}, out, in);
    // Xavier's rule with PyTorch's idea of fans: the axes after the first two count for both.
    double fans =
        spec.groups == 0
            ? (double) (in + out) * rows * gates
            : (double) (spec.groups + rows) * gates;
    Init.normal(theta, Math.sqrt(2 / fans), context.random());
  }

  private long[] shape(long... last) {
    long[] first = spec.groups == 0 ? new long[] {out, in} : new long[] {spec.groups};
    long[] shape = Arrays.copyOf(first, first.length + last.length);
    System.arraycopy(last, 0, shape, first.length, last.length);
    return shape;
  }

  private static Tensor repeated(double[] row, boolean trained, Context context, long... shape) {
    return trained ? context.parameter(row, shape) : context.buffer(row, shape);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    if (!fused || spec.ansatz == Ansatz.PX) {
      return edges(x).sum(-1);
    }
    var function = new EdgeFunction.Circuit(spec.repetitions, spec.measurement == Measurement.FAST);
    return FusedEdges.sum(function, x, this::parameters)
        .map(circuits -> circuits.add(constants()).add(base(x)))
        .orElseGet(() -> edges(x).sum(-1));
  }

  /** What the offsets add up to, {@code [out]}. */
  private Tensor constants() {
    return offset.mul(scale).mul(mask).sum(-1);
  }

  private Tensor base(Tensor x) {
    return torch.linear(spec.base.apply(x), baseWeight.mul(mask));
  }

  /**
   * What {@link EdgeFunction.Circuit} takes of each edge, {@code [out, in, terms]}. Axes are in an
   * order in which uploads turn the first two.
   */
  private Tensor parameters() {
    boolean aroundZ = spec.ansatz == Ansatz.PZ || spec.ansatz == Ansatz.RPZ;
    Tensor unit = torch.eye(3).to(theta.device(), theta.scalar_type());
    Tensor axes = unit.view(3, 3, 1, 1, 1);
    Tensor first = axes.select(0, 0); // [3, 1, 1, 1]
    Tensor second = axes.select(0, 1);
    Tensor third = axes.select(0, 2);
    Tensor angles = ofEdges(theta).unsqueeze(0); // [1, out, in, rows, gates]
    Qubit turned =
        turn(aroundZ ? new Qubit(first, second, third) : new Qubit(second, third, first), angles);
    Tensor y = turned.y();
    TensorVector rows =
        aroundZ
            ? new TensorVector(turned.x(), y, turned.z())
            : new TensorVector(turned.z(), turned.x(), y);
    Tensor matrices =
        torch
            .stack(torch.broadcast_tensors(rows), 0) // [3, 3, out, in, rows]
            .permute(2, 3, 4, 0, 1);
    int x = aroundZ ? 0 : 1;
    int z = aroundZ ? 2 : 0;
    Tensor measured =
        spec.ansatz.closing
            ? matrices.select(2, spec.repetitions).select(-2, z)
            : unit.select(0, z);
    Tensor weights = ofEdges(uploadWeight);
    Tensor biases = ofEdges(uploadBias);
    TensorVector all = new TensorVector();
    for (Tensor part :
        List.of(
            matrices.select(2, 0).select(-1, x), // of (1, 0, 0)
            matrices.narrow(2, 1, spec.repetitions - 1).flatten(2, -1),
            measured,
            spec.trainUploads ? weights : torch.ones_like(weights),
            spec.trainUploads ? biases : torch.zeros_like(biases),
            scale.mul(mask).unsqueeze(-1))) {
      all.push_back(part.expand(out, in, -1));
    }
    return torch.cat(all, -1);
  }

  /** What every edge adds: {@code [..., in]} to {@code [..., out, in]}. */
  public Tensor edges(Tensor x) {
    Tensor base = spec.base.apply(x).unsqueeze(-2).mul(baseWeight);
    return circuit(x).add(offset).mul(scale).add(base).mul(mask);
  }

  /** q: {@code [..., in]} to {@code [..., out, in]}. */
  public Tensor circuit(Tensor x) {
    Tensor angles = ofEdges(theta); // [out, in, rows, gates]
    Tensor weights = ofEdges(uploadWeight); // [out, in, r]
    Tensor biases = ofEdges(uploadBias);
    Tensor v = x.unsqueeze(-2); // [..., 1, in]
    Qubit qubit = Qubit.afterHadamard(mask);
    for (int l = 0; l < spec.repetitions; l++) {
      Tensor upload =
          spec.trainUploads ? v.mul(weights.select(-1, l)).add(biases.select(-1, l)) : v;
      qubit = upload(turn(qubit, angles.select(-2, l)), upload);
    }
    if (spec.ansatz.closing) {
      qubit = turn(qubit, angles.select(-2, spec.repetitions));
    }
    return spec.measurement == Measurement.EXACT
        ? qubit.z()
        : modulus(qubit.z()).sub(modulus(qubit.z().neg()));
  }

  /** Groups are spread over the inputs in turn, the same for every output. */
  private Tensor ofEdges(Tensor parameter) {
    if (spec.groups == 0) {
      return parameter;
    }
    long[] repeats = new long[(int) parameter.dim()];
    Arrays.fill(repeats, 1);
    repeats[0] = in / spec.groups + 1;
    return parameter.repeat(repeats).narrow(0, 0, in).unsqueeze(0);
  }

  /** The trainable gates of one round, {@code angles [out, in, gates]}. */
  private Qubit turn(Qubit qubit, Tensor angles) {
    Tensor first = angles.select(-1, 0);
    return switch (spec.ansatz) {
      case PZ -> qubit.rz(first).ry(angles.select(-1, 1));
      case RPZ -> qubit.ry(first);
      case PX -> qubit.rz(first);
      case REAL -> qubit.flipX().ry(first).flipZ();
      case MIX -> qubit.rz(first).rx(angles.select(-1, 1));
    };
  }

  private Qubit upload(Qubit qubit, Tensor x) {
    return switch (spec.ansatz) {
      case PZ, RPZ -> qubit.rz(x);
      case PX -> qubit.rx(x.acos());
      case REAL, MIX -> qubit.ry(x);
    };
  }

  /** sqrt((1 + z) / 2), the modulus of an amplitude; its slope stays finite at z = -1. */
  private static Tensor modulus(Tensor z) {
    return z.add(new Scalar(1)).clamp_min(new Scalar(1e-12)).mul(new Scalar(0.5)).sqrt();
  }

  /**
   * The same layer with more uploads. The new ones come last and turn around the axis that is
   * measured, so the function is the same at that moment; other circuits than PZ and RPZ measure
   * across it and are refused.
   */
  public Daruan extended(int repetitions, Context context) {
    Check.between("repetitions", repetitions, spec.repetitions, 64);
    if (spec.ansatz != Ansatz.PZ && spec.ansatz != Ansatz.RPZ) {
      throw new IllegalArgumentException(
          "ansatz = " + spec.ansatz + ": further uploads would change the function");
    }
    Daruan longer = spec.withRepetitions(repetitions).build(in, out, context);
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      longer.theta.zero_();
      longer.theta.narrow(-2, 0, spec.rows()).copy_(theta);
      longer.uploadWeight.fill_(new Scalar(1));
      longer.uploadWeight.narrow(-1, 0, spec.repetitions).copy_(uploadWeight);
      longer.uploadBias.narrow(-1, 0, spec.repetitions).copy_(uploadBias);
      longer.baseWeight.copy_(baseWeight);
      longer.scale.copy_(scale);
      longer.offset.copy_(offset);
      longer.mask.copy_(mask);
    }
    return longer;
  }

  @Override
  public void register(Registry registry) {
    registry.tensor("theta", theta);
    registry.tensor("base_weight", baseWeight);
    registry.tensor("preacts_weight", uploadWeight);
    registry.tensor("preacts_bias", uploadBias);
    registry.tensor("postact_weights", scale);
    registry.tensor("postact_bias", offset);
    registry.tensor("mask", mask);
  }
}
