package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.function.kan.ActivationBumps;
import org.kat4j.function.kan.BSplineRadial;
import org.kat4j.function.kan.Gottlieb;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.ReducedBasis;
import org.kat4j.function.kan.SharedRational;
import org.kat4j.function.kan.SingleParameter;
import org.kat4j.function.kan.Together;
import org.kat4j.function.kan.Wavelet;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Our counterparts of the networks of hoangthangta/All-KAN, from the recorded arguments. */
final class AllKanParts {
  private AllKanParts() {}

  static KanSubject bSplineRadial(Golden golden, Context context) {
    ObjectNode c = golden.config();
    var spec =
        new BSplineRadial.Spec(
            c.path("grid_size").asInt(5),
            c.path("spline_order").asInt(3),
            KanParity.low(c, -1.5),
            KanParity.high(c, 1.5),
            KanParity.base(c));
    return KanSubject.stack("layers", KanParity.hidden(golden), context, spec);
  }

  /** Hidden widths stand twice in the reference's list of layers; the last layer has no norm. */
  static KanSubject gottlieb(Golden golden, Context context) {
    int[] given = KanParity.hidden(golden);
    int degree = golden.config().path("spline_order").asInt(3);
    List<Integer> widths = new ArrayList<>(List.of(given[0]));
    for (int l = 1; l < given.length - 1; l++) {
      widths.add(given[l]);
      widths.add(given[l]);
    }
    widths.add(given[given.length - 1]);
    KanLayer.Spec[] specs = new KanLayer.Spec[widths.size() - 1];
    for (int l = 0; l < specs.length; l++) {
      specs[l] = new Gottlieb.Spec(degree, l < specs.length - 1);
    }
    return KanSubject.stack(
        "layers", widths.stream().mapToInt(Integer::intValue).toArray(), context, specs);
  }

  static KanSubject reducedBasis(Golden golden, Context context) {
    ObjectNode c = golden.config();
    boolean splines = c.path("func").asString("rbf").equals("bs");
    if (c.path("methods").size() > 1) {
      throw new UnsupportedOperationException("PRKAN's several methods at once");
    }
    String method = c.path("methods").path(0).asString(trainedReduction(golden));
    var reduction =
        switch (method) {
          case "attention" -> ReducedBasis.Reduction.ATTENTION;
          case "conv1d_1" -> ReducedBasis.Reduction.CONV1D;
          case "conv1d_2" -> ReducedBasis.Reduction.CONV1D_POOLED;
          case "base" -> ReducedBasis.Reduction.BASE;
          case "conv2d" -> ReducedBasis.Reduction.CONV2D;
          case "fw" -> ReducedBasis.Reduction.WEIGHTS;
          case "ds" -> ReducedBasis.Reduction.SUM;
          default -> throw new UnsupportedOperationException("PRKAN's " + method);
        };
    boolean norm = golden.has("param.layers.0.norm.weight");
    var position =
        !norm
            ? ReducedBasis.NormPosition.NOWHERE
            : c.path("norm_pos").asInt(2) == 1
                ? ReducedBasis.NormPosition.BEFORE_BASIS
                : ReducedBasis.NormPosition.AFTER_REDUCTION;
    var spec =
        new ReducedBasis.Spec(
            splines ? ReducedBasis.Basis.B_SPLINE : ReducedBasis.Basis.RADIAL,
            c.path("num_grids").asInt(8),
            c.path("grid_size").asInt(5),
            c.path("spline_order").asInt(3),
            KanParity.low(c, -1.5),
            KanParity.high(c, 1.5),
            reduction,
            position,
            KanParity.base(c));
    return KanSubject.stack("layers", KanParity.hidden(golden), context, spec);
  }

  /** The reduction whose tensors have gradients. */
  private static String trainedReduction(Golden golden) {
    String first = "grad.layers.0.";
    for (String method : List.of("attention", "conv1d_1", "conv1d_2", "conv2d")) {
      if (golden.has(first + method + ".weight")) {
        return method;
      }
    }
    return golden.has(first + "feature_weight") ? "fw" : "ds";
  }

  /** Groups may follow the widths, so every layer has a spec of its own. */
  static KanSubject rational(Golden golden, Context context) {
    int[] widths = KanParity.hidden(golden);
    KanLayer.Spec[] specs = new KanLayer.Spec[widths.length - 1];
    for (int l = 0; l < specs.length; l++) {
      String layer = "param.layers." + l + ".";
      long[] a = golden.read(layer + "w_a").shape(); // [numerator, groups]
      int denominator = (int) golden.read(layer + "w_b").size(0);
      boolean base = golden.config().path("need_relu").asBoolean(true);
      specs[l] = new SharedRational.Spec((int) a[0], denominator, (int) a[1], base);
    }
    return KanSubject.stack("layers", widths, context, specs);
  }

  static KanSubject singleParameter(Golden golden, Context context) {
    ObjectNode c = golden.config();
    String function = c.path("basis_function").asString("shifted_softplus");
    var spec =
        new SingleParameter.Spec(
            SingleParameter.Function.valueOf(function.toUpperCase(Locale.ROOT)),
            c.path("bias").asBoolean(true));
    return KanSubject.stack("layers", KanParity.widths(c.path("layer_sizes")), context, spec);
  }

  static KanSubject wavelet(Golden golden, Context context) {
    String type = golden.config().path("wavelet_type").asString("dog");
    var spec =
        new Wavelet.Spec(
            Wavelet.Mother.valueOf(type.toUpperCase(Locale.ROOT)),
            golden.has("grad.layers.0.weight1"),
            golden.has("param.layers.0.bn.weight"));
    return KanSubject.stack("layers", KanParity.hidden(golden), context, spec);
  }

  static KanSubject activationBumps(Golden golden, Context context) {
    ObjectNode c = golden.config();
    boolean net = c.has("width");
    String first = net ? "param.rk_layers.0." : "param.";
    var norm =
        switch (c.path("norm_type").asString("layer")) {
          case "layer" -> ActivationBumps.Norm.LAYER;
          case "batch" -> ActivationBumps.Norm.BATCH;
          default -> ActivationBumps.Norm.NONE;
        };
    List<ActivationBumps.Reduction> reductions =
        net ? trainedReductions(golden, first) : reductions(c.path("methods"));
    String combination = c.path("func").asString("quad1").toUpperCase(Locale.ROOT);
    String together = c.path("combined_type").asString("sum").toUpperCase(Locale.ROOT);
    var spec =
        new ActivationBumps.Spec(
            c.path(net ? "grid" : "g").asInt(3),
            c.path("k").asInt(3),
            KanParity.base(c),
            ActivationBumps.Combination.valueOf(combination),
            c.path("func_norm").asBoolean(true),
            reductions.getFirst(),
            norm,
            1e-5,
            reductions.subList(1, reductions.size()),
            Together.valueOf(together));
    if (net) {
      return KanSubject.stack("rk_layers", KanParity.widths(c.path("width")), context, spec);
    }
    ActivationBumps layer =
        spec.build(c.path("input_size").asInt(), c.path("output_size").asInt(), context);
    return new KanSubject(layer, (x, pass) -> bySlice(layer, reductions, x, pass));
  }

  /**
   * Attention between inputs starts so even that its outputs hardly differ: in simulated rows by
   * 1e-4 to 1e-2 beside a size of 0.1. Float32 leaves about three roundings, 3 x 6e-8 x 0.1, of
   * which a layer norm makes 316 times as much (1 / sqrt(1e-5)), 6e-6 in numbers of 316 x 1e-4:
   * 2e-4, and more than that in gradients, which pass the norm once more and partly cancel.
   */
  static double float32Tolerance(Golden golden) {
    boolean even = golden.has("param.mh_attn.in_proj_weight");
    return even && golden.has("param.norm.weight") ? 5e-3 : 1e-4;
  }

  /** The reference's layer runs method m on slice m: {@code [methods, rows, in]}. */
  private static Tensor bySlice(
      ActivationBumps layer, List<ActivationBumps.Reduction> reductions, Tensor x, Pass pass) {
    Tensor[] outputs = new Tensor[reductions.size()];
    for (int m = 0; m < outputs.length; m++) {
      outputs[m] = layer.forward(x.select(0, m), reductions.get(m), pass);
    }
    return torch.stack(new TensorVector(outputs));
  }

  private static List<ActivationBumps.Reduction> reductions(JsonNode methods) {
    List<ActivationBumps.Reduction> all =
        methods
            .valueStream()
            .map(method -> method.asString().toUpperCase(Locale.ROOT))
            .map(ActivationBumps.Reduction::valueOf)
            .toList();
    return all.isEmpty() ? List.of(ActivationBumps.Reduction.GLOBAL_ATTN) : all;
  }

  /** A network of the reference runs one method whatever is asked for: the one that has tensors. */
  private static List<ActivationBumps.Reduction> trainedReductions(Golden golden, String layer) {
    return List.of(
        golden.has(layer + "conv1d.weight")
            ? ActivationBumps.Reduction.SPATIAL_ATTN
            : golden.has(layer + "local_linear.weight")
                ? ActivationBumps.Reduction.LOCAL_ATTN
                : golden.has(layer + "mh_attn.in_proj_weight")
                    ? ActivationBumps.Reduction.MULTIHEAD_ATTN
                    : golden.has(layer + "temperature")
                        ? ActivationBumps.Reduction.GLOBAL_ATTN
                        : ActivationBumps.Reduction.MULTISTEP);
  }
}
