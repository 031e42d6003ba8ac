package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Activation;
import org.kat4j.function.PolynomialComposition;
import org.kat4j.function.kan.ActivationBumps;
import org.kat4j.function.kan.BSplineRadial;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.function.kan.Fourier;
import org.kat4j.function.kan.Gottlieb;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.function.kan.ReducedBasis;
import org.kat4j.function.kan.ReluBumps;
import org.kat4j.function.kan.SharedRational;
import org.kat4j.function.kan.SingleParameter;
import org.kat4j.function.kan.Wavelet;
import org.kat4j.token.KanAttention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * KAN layers and stacks of them that are one function of one input, and polynomial compositions.
 */
public final class KanParity implements ParityAdapter {
  private static final Map<String, BiFunction<Golden, Context, Subject>> CLASSES =
      Map.ofEntries(
          Map.entry("ChebyKANLayer", KanParity::chebyshev),
          Map.entry("NaiveFourierKANLayer", KanParity::fourier),
          Map.entry("FastKANLayer", KanParity::fastKan),
          Map.entry("FasterKAN", KanParity::fasterKan),
          Map.entry("ReLUKAN", KanParity::reluKan),
          Map.entry("BSRBF_KAN", KanParity::bSplineRadial),
          Map.entry("GottliebKAN", KanParity::gottlieb),
          Map.entry("PRKAN", KanParity::reducedBasis),
          Map.entry("RationalKAN", KanParity::rational),
          Map.entry("SKAN", KanParity::singleParameter),
          Map.entry("AF_KANLayer", KanParity::activationBumps),
          Map.entry("AF_KAN", KanParity::activationBumps),
          Map.entry("PolyNorm", KanParity::polynomial),
          Map.entry("PolyReLU", KanParity::polynomial));

  private static final String WAVELETS = "wav_kan.py";
  private static final String ATTENTION = "AttentionWithFastKANTransform";

  /** A part of ours and what it makes of the recorded input. */
  private record Subject(Part part, BiFunction<Tensor, Pass, Tensor> function) {
    static Subject of(KanLayer layer) {
      return new Subject(layer, layer::forward);
    }

    static Subject of(KanStack stack) {
      return new Subject(stack, stack::forward);
    }
  }

  @Override
  public boolean covers(Golden golden) {
    return CLASSES.containsKey(golden.text("cls"))
        || golden.text("file").endsWith(WAVELETS)
        || golden.text("cls").equals(ATTENTION);
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    Context context = Context.cpu(0).withDType(comparison.dtype());
    if (golden.text("cls").equals(ATTENTION)) {
      attention(golden, context, comparison);
      return;
    }
    BiFunction<Golden, Context, Subject> build = CLASSES.get(golden.text("cls"));
    Subject subject = build == null ? wavelet(golden, context) : build.apply(golden, context);
    var recorded =
        RecordedPart.load(golden, subject.part, tolerance(golden, comparison), comparison);
    Tensor x = recorded.input(golden.has("input.X") ? "X" : "x");
    Tensor y = subject.function.apply(x, Pass.evaluation());
    backward(golden, y);
    recorded.compare("output", y);
    recorded.compareGradients(name -> officialFactor(golden, name));
  }

  private static double tolerance(Golden golden, Comparison comparison) {
    return switch (golden.text("cls")) {
      case "PolyNorm", "PolyReLU" -> comparison.tolerance(1e-11, 1e-5);
      case "FastKANLayer" -> comparison.tolerance(1e-10, 1e-5);
      default -> comparison.tolerance(1e-10, 1e-4);
    };
  }

  static void backward(Golden golden, Tensor y) {
    Backpropagation.run(y, golden.read("weight.out"));
  }

  /**
   * The hand-written backward of All-KAN's FasterKAN multiplies by a slope that its forward does
   * not have: once for every basis that a gradient has come through.
   */
  private static double officialFactor(Golden golden, String name) {
    if (!golden.has("param.layers.0.rbf.inv_denominator")) {
      return 1;
    }
    int first = 0;
    if (!name.startsWith("input.")) {
      int layer = Integer.parseInt(name.split("\\.")[1]);
      first = name.endsWith("spline_linear.weight") ? layer + 1 : layer;
    }
    double factor = 1;
    for (int l = first; golden.has("param.layers." + l + ".rbf.inv_denominator"); l++) {
      factor *= golden.read("param.layers." + l + ".rbf.inv_denominator").item_double();
    }
    return factor;
  }

  /** Layers of a list of widths under one name. */
  private static Subject stack(String name, int[] widths, Context context, KanLayer.Spec... specs) {
    List<KanLayer> layers = new ArrayList<>();
    for (int l = 1; l < widths.length; l++) {
      KanLayer.Spec spec = specs[Math.min(l - 1, specs.length - 1)];
      layers.add(spec.build(widths[l - 1], widths[l], context));
    }
    return Subject.of(new KanStack(name, layers));
  }

  static int[] widths(JsonNode list) {
    return list.valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  private static int[] hidden(Golden golden) {
    return widths(golden.config().path("layers_hidden"));
  }

  /**
   * A fixed function by PyTorch's name, such as SiLU or leaky_relu; unknown names are the identity
   * in these sources.
   */
  static Activation activation(String name) {
    String spelled = name.replace("torch.nn.", "").replace("()", "").toUpperCase(Locale.ROOT);
    return switch (spelled) {
      case "LEAKYRELU" -> Activation.LEAKY_RELU;
      case "" -> Activation.IDENTITY;
      default -> Activation.valueOf(spelled);
    };
  }

  private static Activation base(ObjectNode config) {
    return activation(config.path("base_activation").asString("silu"));
  }

  private static double low(ObjectNode config, double otherwise) {
    return config.path("grid_min").asDouble(config.path("grid_range").path(0).asDouble(otherwise));
  }

  private static double high(ObjectNode config, double otherwise) {
    return config.path("grid_max").asDouble(config.path("grid_range").path(1).asDouble(otherwise));
  }

  private static Subject chebyshev(Golden golden, Context context) {
    ObjectNode c = golden.config();
    return Subject.of(
        new Chebyshev.Spec(c.path("degree").asInt())
            .build(c.path("input_dim").asInt(), c.path("output_dim").asInt(), context));
  }

  private static Subject fourier(Golden golden, Context context) {
    ObjectNode c = golden.config();
    var spec =
        new Fourier.Spec(
            c.path("gridsize").asInt(),
            c.path("addbias").asBoolean(true),
            c.path("smooth_initialization").asBoolean(false));
    return Subject.of(spec.build(c.path("inputdim").asInt(), c.path("outdim").asInt(), context));
  }

  private static RadialBasis.Spec fastKanSpec(ObjectNode c) {
    return new RadialBasis.Spec(
        c.path("num_grids").asInt(8),
        low(c, -2),
        high(c, 2),
        RadialBasis.Bump.GAUSSIAN,
        c.path("denominator").asDouble(0),
        c.path("use_base_update").asBoolean(true),
        base(c),
        RadialBasis.Naming.LAYERNORM);
  }

  private static Subject fastKan(Golden golden, Context context) {
    ObjectNode c = golden.config();
    return Subject.of(
        fastKanSpec(c).build(c.path("input_dim").asInt(), c.path("output_dim").asInt(), context));
  }

  private static Subject fasterKan(Golden golden, Context context) {
    ObjectNode c = golden.config();
    // All-KAN keeps a slope that its forward does not use: bumps of width 1.
    boolean allKan = golden.has("param.layers.0.rbf.inv_denominator");
    var spec =
        new RadialBasis.Spec(
            c.path("num_grids").asInt(8),
            low(c, allKan ? -1.2 : -2),
            high(c, allKan ? 0.2 : 2),
            RadialBasis.Bump.SWITCH,
            allKan ? 1 : c.path("denominator").asDouble(0.33),
            false,
            Activation.SILU,
            golden.has("param.layers.0.norm.weight")
                ? RadialBasis.Naming.NORM
                : RadialBasis.Naming.LAYERNORM);
    return stack("layers", hidden(golden), context, spec);
  }

  private static Subject reluKan(Golden golden, Context context) {
    ObjectNode c = golden.config();
    var spec =
        new ReluBumps.Spec(
            c.path("grid").asInt(), c.path("k").asInt(), golden.has("grad.rk_layers.0.phase_low"));
    Subject stack = stack("rk_layers", widths(c.path("width")), context, spec);
    // The reference's inputs and outputs are columns.
    return new Subject(
        stack.part, (x, pass) -> stack.function.apply(x.squeeze(-1), pass).unsqueeze(-1));
  }

  private static Subject bSplineRadial(Golden golden, Context context) {
    ObjectNode c = golden.config();
    var spec =
        new BSplineRadial.Spec(
            c.path("grid_size").asInt(5),
            c.path("spline_order").asInt(3),
            low(c, -1.5),
            high(c, 1.5),
            base(c));
    return stack("layers", hidden(golden), context, spec);
  }

  /** Hidden widths stand twice in the reference's list of layers; the last layer has no norm. */
  private static Subject gottlieb(Golden golden, Context context) {
    int[] given = hidden(golden);
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
    return stack("layers", widths.stream().mapToInt(Integer::intValue).toArray(), context, specs);
  }

  private static Subject reducedBasis(Golden golden, Context context) {
    ObjectNode c = golden.config();
    boolean splines = c.path("func").asString("rbf").equals("bs");
    String method = c.path("methods").path(0).asString(trainedReduction(golden));
    var reduction =
        switch (method) {
          case "attention" -> ReducedBasis.Reduction.ATTENTION;
          case "conv1d_1" -> ReducedBasis.Reduction.CONV1D;
          case "conv2d" -> ReducedBasis.Reduction.CONV2D;
          case "fw" -> ReducedBasis.Reduction.WEIGHTS;
          case "ds" -> ReducedBasis.Reduction.SUM;
          default -> throw new IllegalArgumentException("PRKAN's " + method + " is not built");
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
            low(c, -1.5),
            high(c, 1.5),
            reduction,
            position,
            base(c));
    return stack("layers", hidden(golden), context, spec);
  }

  /** The reduction whose tensors have gradients. */
  private static String trainedReduction(Golden golden) {
    String first = "grad.layers.0.";
    for (String method : List.of("attention", "conv1d_1", "conv2d")) {
      if (golden.has(first + method + ".weight")) {
        return method;
      }
    }
    return golden.has(first + "feature_weight") ? "fw" : "ds";
  }

  private static Subject rational(Golden golden, Context context) {
    long[] a = golden.read("param.layers.0.w_a").shape(); // [numerator, groups]
    var spec =
        new SharedRational.Spec(
            (int) a[0],
            (int) golden.read("param.layers.0.w_b").size(0),
            (int) a[1],
            golden.config().path("need_relu").asBoolean(true));
    return stack("layers", hidden(golden), context, spec);
  }

  private static Subject singleParameter(Golden golden, Context context) {
    ObjectNode c = golden.config();
    String function = c.path("basis_function").asString("shifted_softplus");
    var spec =
        new SingleParameter.Spec(
            SingleParameter.Function.valueOf(function.toUpperCase(Locale.ROOT)),
            c.path("bias").asBoolean(true));
    return stack("layers", widths(c.path("layer_sizes")), context, spec);
  }

  private static Subject wavelet(Golden golden, Context context) {
    String type = golden.config().path("wavelet_type").asString("dog");
    var spec =
        new Wavelet.Spec(
            Wavelet.Mother.valueOf(type.toUpperCase(Locale.ROOT)),
            golden.has("grad.layers.0.weight1"),
            golden.has("param.layers.0.bn.weight"));
    return stack("layers", hidden(golden), context, spec);
  }

  private static Subject activationBumps(Golden golden, Context context) {
    ObjectNode c = golden.config();
    boolean net = c.has("width");
    String first = net ? "param.rk_layers.0." : "param.";
    var norm =
        switch (c.path("norm_type").asString("layer")) {
          case "layer" -> ActivationBumps.Norm.LAYER;
          case "batch" -> ActivationBumps.Norm.BATCH;
          default -> ActivationBumps.Norm.NONE;
        };
    var reduction =
        golden.has(first + "conv1d.weight")
            ? ActivationBumps.Reduction.SPATIAL_ATTN
            : golden.has(first + "temperature")
                ? ActivationBumps.Reduction.GLOBAL_ATTN
                : ActivationBumps.Reduction.MULTISTEP;
    String combination = c.path("func").asString("quad1").toUpperCase(Locale.ROOT);
    var spec =
        new ActivationBumps.Spec(
            c.path(net ? "grid" : "g").asInt(3),
            c.path("k").asInt(3),
            base(c),
            ActivationBumps.Combination.valueOf(combination),
            c.path("func_norm").asBoolean(true),
            reduction,
            norm,
            1e-5);
    if (net) {
      return stack("rk_layers", widths(c.path("width")), context, spec);
    }
    return Subject.of(
        spec.build(c.path("input_size").asInt(), c.path("output_size").asInt(), context));
  }

  private static Subject polynomial(Golden golden, Context context) {
    var form =
        golden.text("cls").equals("PolyNorm")
            ? PolynomialComposition.Form.POLY_NORM
            : PolynomialComposition.Form.POLY_RELU;
    var function =
        new PolynomialComposition.Spec(form, golden.config().path("order").asInt(3)).build(context);
    return new Subject(function, (x, _) -> function.forward(x));
  }

  private static void attention(Golden golden, Context context, Comparison comparison) {
    ObjectNode c = golden.config();
    var spec =
        new KanAttention.Spec(
            c.path("num_heads").asInt(), fastKanSpec(c), c.path("gating").asBoolean(true));
    KanAttention attention =
        spec.build(
            c.path("q_dim").asInt(),
            c.path("k_dim").asInt(),
            c.path("v_dim").asInt(),
            c.path("head_dim").asInt(),
            context);
    var recorded = RecordedPart.load(golden, attention, tolerance(golden, comparison), comparison);
    Tensor y =
        attention.forward(
            recorded.input("q"), recorded.input("k"), recorded.input("v"), Pass.evaluation());
    backward(golden, y);
    recorded.compare("output", y);
    recorded.compareGradients();
  }
}
