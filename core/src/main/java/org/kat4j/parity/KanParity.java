package org.kat4j.parity;

import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Activation;
import org.kat4j.function.PolynomialComposition;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.function.kan.Fourier;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.function.kan.ReluBumps;
import org.kat4j.kernel.Bump;
import org.kat4j.token.KanAttention;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * KAN layers and stacks of them that are one function of one input, and polynomial compositions.
 */
public final class KanParity implements ParityAdapter {
  private static final Map<String, BiFunction<Golden, Context, KanSubject>> CLASSES =
      Map.ofEntries(
          Map.entry("ChebyKANLayer", KanParity::chebyshev),
          Map.entry("NaiveFourierKANLayer", KanParity::fourier),
          Map.entry("FastKANLayer", KanParity::fastKan),
          Map.entry("FasterKAN", KanParity::fasterKan),
          Map.entry("ReLUKAN", KanParity::reluKan),
          Map.entry("BSRBF_KAN", AllKanParts::bSplineRadial),
          Map.entry("GottliebKAN", AllKanParts::gottlieb),
          Map.entry("PRKAN", AllKanParts::reducedBasis),
          Map.entry("RationalKAN", AllKanParts::rational),
          Map.entry("SKAN", AllKanParts::singleParameter),
          Map.entry("AF_KANLayer", AllKanParts::activationBumps),
          Map.entry("AF_KAN", AllKanParts::activationBumps),
          Map.entry("PolyNorm", KanParity::polynomial),
          Map.entry("PolyReLU", KanParity::polynomial));

  private static final String WAVELETS = "wav_kan.py";
  private static final String ATTENTION = "AttentionWithFastKANTransform";

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
    BiFunction<Golden, Context, KanSubject> build = CLASSES.get(golden.text("cls"));
    KanSubject subject =
        build == null ? AllKanParts.wavelet(golden, context) : build.apply(golden, context);
    var recorded =
        RecordedPart.load(golden, subject.part(), tolerance(golden, comparison), comparison);
    Tensor x = recorded.input(golden.has("input.X") ? "X" : "x");
    Tensor y = subject.function().apply(x, Pass.evaluation());
    backward(golden, y);
    recorded.compare("output", y);
    recorded.compareGradients(name -> officialFactor(golden, name));
  }

  private static double tolerance(Golden golden, Comparison comparison) {
    return switch (golden.text("cls")) {
      case "PolyNorm", "PolyReLU" -> comparison.tolerance(1e-11, 1e-5);
      case "FastKANLayer" -> comparison.tolerance(1e-10, 1e-5);
      case "AF_KANLayer" -> comparison.tolerance(1e-10, AllKanParts.float32Tolerance(golden));
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

  static int[] widths(JsonNode list) {
    return list.valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  static int[] hidden(Golden golden) {
    return widths(golden.config().path("layers_hidden"));
  }

  /** A fixed function by PyTorch's name, such as SiLU, torch.nn.GELU() or leaky_relu. */
  static Activation activation(String name) {
    String spelled =
        name.replaceFirst("\\(.*", "").replaceFirst(".*\\.", "").toUpperCase(Locale.ROOT);
    return switch (spelled) {
      case "LEAKYRELU" -> Activation.LEAKY_RELU;
      case "" -> Activation.IDENTITY;
      default -> Activation.valueOf(spelled);
    };
  }

  static Activation base(ObjectNode config) {
    return activation(config.path("base_activation").asString("silu"));
  }

  static double low(ObjectNode config, double otherwise) {
    return config.path("grid_min").asDouble(config.path("grid_range").path(0).asDouble(otherwise));
  }

  static double high(ObjectNode config, double otherwise) {
    return config.path("grid_max").asDouble(config.path("grid_range").path(1).asDouble(otherwise));
  }

  private static KanSubject chebyshev(Golden golden, Context context) {
    ObjectNode c = golden.config();
    return KanSubject.of(
        new Chebyshev.Spec(c.path("degree").asInt())
            .build(c.path("input_dim").asInt(), c.path("output_dim").asInt(), context));
  }

  private static KanSubject fourier(Golden golden, Context context) {
    ObjectNode c = golden.config();
    var spec =
        new Fourier.Spec(
            c.path("gridsize").asInt(),
            c.path("addbias").asBoolean(true),
            c.path("smooth_initialization").asBoolean(false));
    return KanSubject.of(spec.build(c.path("inputdim").asInt(), c.path("outdim").asInt(), context));
  }

  private static RadialBasis.Spec fastKanSpec(ObjectNode c) {
    return new RadialBasis.Spec(
        c.path("num_grids").asInt(8),
        low(c, -2),
        high(c, 2),
        Bump.GAUSSIAN,
        c.path("denominator").asDouble(0),
        c.path("use_base_update").asBoolean(true),
        base(c),
        RadialBasis.Naming.LAYERNORM,
        true);
  }

  private static KanSubject fastKan(Golden golden, Context context) {
    ObjectNode c = golden.config();
    return KanSubject.of(
        fastKanSpec(c).build(c.path("input_dim").asInt(), c.path("output_dim").asInt(), context));
  }

  private static KanSubject fasterKan(Golden golden, Context context) {
    ObjectNode c = golden.config();
    // All-KAN keeps a slope that its forward does not use: bumps of width 1.
    boolean allKan = golden.has("param.layers.0.rbf.inv_denominator");
    var spec =
        new RadialBasis.Spec(
            c.path("num_grids").asInt(8),
            low(c, allKan ? -1.2 : -2),
            high(c, allKan ? 0.2 : 2),
            Bump.SWITCH,
            allKan ? 1 : c.path("denominator").asDouble(0.33),
            false,
            Activation.SILU,
            golden.has("param.layers.0.norm.weight")
                ? RadialBasis.Naming.NORM
                : RadialBasis.Naming.LAYERNORM,
            true);
    return KanSubject.stack("layers", hidden(golden), context, spec);
  }

  private static KanSubject reluKan(Golden golden, Context context) {
    ObjectNode c = golden.config();
    var spec =
        new ReluBumps.Spec(
            c.path("grid").asInt(), c.path("k").asInt(), golden.has("grad.rk_layers.0.phase_low"));
    KanSubject stack = KanSubject.stack("rk_layers", widths(c.path("width")), context, spec);
    // The reference's inputs and outputs are columns.
    return new KanSubject(
        stack.part(), (x, pass) -> stack.function().apply(x.squeeze(-1), pass).unsqueeze(-1));
  }

  private static KanSubject polynomial(Golden golden, Context context) {
    var form =
        golden.text("cls").equals("PolyNorm")
            ? PolynomialComposition.Form.POLY_NORM
            : PolynomialComposition.Form.POLY_RELU;
    var function =
        new PolynomialComposition.Spec(form, golden.config().path("order").asInt(3)).build(context);
    return new KanSubject(function, (x, _) -> function.forward(x));
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
