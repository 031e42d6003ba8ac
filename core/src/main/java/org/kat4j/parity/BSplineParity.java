package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.KanTrace;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.function.kan.PykanSpline;
import org.kat4j.function.kan.PykanSpline.FitAt;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Spline layers and networks of efficient-kan and pykan: values, grid updates, scores, refinement.
 */
public final class BSplineParity implements ParityAdapter {
  private static final double AFTER_REFIT = 1e-7;

  @Override
  public boolean covers(Golden golden) {
    String repo = golden.text("repo");
    String cls = golden.text("cls");
    return (repo.endsWith("/efficient-kan") && cls.equals("KANLinear"))
        || (repo.endsWith("/pykan") && (cls.equals("KANLayer") || cls.equals("KAN")));
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    Context context = Context.cpu(0).withDType(comparison.dtype());
    switch (golden.text("cls")) {
      case "KANLinear" -> efficient(golden, context, comparison);
      case "KANLayer" -> pykanLayer(golden, context, comparison);
      default -> pykanNetwork(golden, context, comparison);
    }
  }

  private static Tensor input(Golden golden, String name, Comparison comparison) {
    return Memory.to(golden.read(name), comparison.dtype());
  }

  private static double refitted(Comparison comparison) {
    return comparison.tolerance(AFTER_REFIT, 1e-4);
  }

  private static void efficient(Golden golden, Context context, Comparison comparison) {
    ObjectNode c = golden.config();
    var spec =
        new BSpline.Spec(
            c.path("grid_size").asInt(5),
            c.path("spline_order").asInt(3),
            c.path("grid_range").path(0).asDouble(-1),
            c.path("grid_range").path(1).asDouble(1),
            KanParity.activation(c.path("base_activation").asString("silu")),
            c.path("enable_standalone_scale_spline").asBoolean(true),
            c.path("grid_eps").asDouble(0.02));
    BSpline layer =
        spec.build(c.path("in_features").asInt(), c.path("out_features").asInt(), context);
    var recorded = RecordedPart.load(golden, layer, comparison.tolerance(1e-10, 1e-4), comparison);
    Tensor x = recorded.input("x");
    Tensor y = layer.forward(x, Pass.evaluation());
    KanParity.backward(golden, y);
    recorded.compare("output", y);
    recorded.compareGradients();
    recorded.compare("extra.bspline_basis", layer.basis(x));
    comparison.compare(
        "extra.regularization_loss",
        layer.regularisation(1, 1).item_double(),
        golden.read("extra.regularization_loss").item_double(),
        comparison.tolerance(1e-10, 1e-4));
    if (golden.has("extra.update.samples")) {
      efficientUpdate(golden, layer, x, comparison);
    }
  }

  private static void efficientUpdate(
      Golden golden, BSpline layer, Tensor x, Comparison comparison) {
    layer.updateGrid(input(golden, "extra.update.samples", comparison), 0.01);
    Map<String, Tensor> tensors = StateDict.of(layer);
    double tolerance = refitted(comparison);
    for (String name : List.of("grid", "spline_weight")) {
      comparison.compare(
          name + " updated",
          Objects.requireNonNull(tensors.get(name)),
          golden.read("extra.update." + name),
          tolerance);
    }
    Tensor scaler = tensors.get("spline_scaler");
    if (scaler != null) {
      // The official code keeps the scalers, ours sets them to 1 to keep the function.
      Backpropagation.set(scaler, golden.read("param.spline_scaler"));
    }
    comparison.compare(
        "extra.update.y",
        layer.forward(x, Pass.evaluation()),
        golden.read("extra.update.y"),
        tolerance);
  }

  private static PykanSpline.Spec pykanSpec(ObjectNode c, int gridSize) {
    return new PykanSpline.Spec(
        gridSize,
        c.path("k").asInt(3),
        c.path("grid_range").path(0).asDouble(-1),
        c.path("grid_range").path(1).asDouble(1),
        KanParity.activation(c.path("base_fun").asString("silu")),
        0,
        c.path("grid_eps").asDouble(0.02));
  }

  private static void pykanLayer(Golden golden, Context context, Comparison comparison) {
    ObjectNode c = golden.config();
    PykanSpline layer =
        pykanSpec(c, c.path("num").asInt(5))
            .build(c.path("in_dim").asInt(), c.path("out_dim").asInt(), context);
    var recorded = RecordedPart.load(golden, layer, comparison.tolerance(1e-10, 1e-4), comparison);
    Tensor x = recorded.input("x");
    Tensor y = layer.forward(x, Pass.evaluation());
    PykanSpline.Edges edges = layer.edges(x);
    Tensor preacts = x.unsqueeze(1).expand_as(edges.outputs());
    Map<String, Tensor> outputs =
        Map.of(
            "y", y, "preacts", preacts, "postacts", edges.outputs(), "postspline", edges.splines());
    Tensor loss = y.sum().mul(new Scalar(0));
    for (Map.Entry<String, Tensor> output : outputs.entrySet()) {
      recorded.compare("output." + output.getKey(), output.getValue());
      String weight = "weight.out." + output.getKey();
      if (golden.has(weight)) {
        loss = loss.add(output.getValue().mul(input(golden, weight, comparison)).sum());
      }
    }
    Backpropagation.run(loss);
    recorded.compareGradients();
    recorded.compare("extra.bspline_basis", layer.basis(x));
    for (FitAt fitAt : FitAt.values()) {
      pykanUpdate(golden, layer, x, fitAt, comparison);
    }
  }

  private static void pykanUpdate(
      Golden golden, PykanSpline layer, Tensor x, FitAt fitAt, Comparison comparison) {
    String prefix = fitAt == FitAt.SAMPLES ? "extra.update_sample." : "extra.update_grid.";
    if (!golden.has(prefix + "grid")) {
      return;
    }
    Tensor grid = layer.grid().clone();
    Tensor coefficients = layer.coefficients().detach().clone();
    layer.updateGrid(input(golden, "extra.update.samples", comparison), fitAt);
    double tolerance = refitted(comparison);
    comparison.compare(prefix + "grid", layer.grid(), golden.read(prefix + "grid"), tolerance);
    comparison.compare(
        prefix + "coef", layer.coefficients(), golden.read(prefix + "coef"), tolerance);
    Tensor y = layer.forward(x, Pass.evaluation());
    comparison.compare(prefix + "y", y, golden.read(prefix + "y"), tolerance);
    Backpropagation.set(layer.grid(), grid);
    Backpropagation.set(layer.coefficients(), coefficients);
  }

  private static PykanNetwork network(Golden golden, Context context) {
    ObjectNode c = golden.config();
    List<PykanNetwork.Nodes> widths = new ArrayList<>();
    for (JsonNode width : c.path("width").values()) {
      widths.add(
          width.isArray()
              ? new PykanNetwork.Nodes(width.path(0).asInt(), width.path(1).asInt())
              : new PykanNetwork.Nodes(width.asInt(), 0));
    }
    return new PykanNetwork(widths, pykanSpec(c, c.path("grid").asInt(3)), context);
  }

  private static void pykanNetwork(Golden golden, Context context, Comparison comparison) {
    PykanNetwork network = network(golden, context);
    boolean scores = golden.has("output.feature_score");
    double tolerance =
        scores ? comparison.tolerance(1e-9, 1e-3) : comparison.tolerance(1e-10, 1e-4);
    var recorded = RecordedPart.load(golden, network, tolerance, comparison);
    Tensor x = recorded.input("x");
    KanTrace trace = network.trace(x);
    for (String name : golden.under("extra.reg_").keySet()) {
      double l1 = number(name, "l1=");
      double entropy = number(name, "entropy=");
      comparison.compare(
          "extra.reg_" + name,
          network.regularisation(trace.edgeGains(), l1, entropy, 0, 0).item_double(),
          golden.read("extra.reg_" + name).item_double(),
          tolerance);
    }
    if (scores) {
      recorded.compare("output.y", network.forward(x));
      scores(golden, network, trace, comparison, tolerance);
      refined(golden, network, trace, x.detach(), context, comparison);
    } else {
      Tensor y = network.forward(x);
      KanParity.backward(golden, y);
      recorded.compare("output", y);
      comparison.compare("traced output", trace.output(), golden.read("output"), tolerance);
      recorded.compareGradients();
    }
  }

  private static double number(String text, String after) {
    Matcher found = Pattern.compile(Pattern.quote(after) + "([0-9.e-]+)").matcher(text);
    if (!found.find()) {
      throw new IllegalArgumentException(after + " is missing in '" + text + "'");
    }
    return Double.parseDouble(found.group(1));
  }

  private static void scores(
      Golden golden,
      PykanNetwork network,
      KanTrace trace,
      Comparison comparison,
      double tolerance) {
    KanTrace.Attribution scores = trace.attribution();
    compareAll(golden, "output.edge_scores.", scores.edges(), comparison, tolerance);
    compareAll(golden, "output.node_scores.", scores.nodes(), comparison, tolerance);
    comparison.compare(
        "output.feature_score", scores.features(), golden.read("output.feature_score"), tolerance);
    compareAll(golden, "extra.acts_scale.", trace.edgeGains(), comparison, tolerance);
    compareAll(golden, "extra.edge_actscale.", trace.edgeDeviations(), comparison, tolerance);
    compareAll(golden, "extra.subnode_actscale.", trace.subnodeDeviations(), comparison, tolerance);
    String methods = golden.config().path("methods").toString();
    Map<String, List<Tensor>> metrics =
        Map.of(
            "edge_forward_spline_n", trace.edgeGains(),
            "edge_forward_sum", trace.edgeGains(),
            "edge_forward_spline_u", trace.edgeDeviations(),
            "edge_backward", scores.edges());
    metrics.forEach((name, values) -> {
      if (golden.has("extra.reg." + name)) {
        Tensor sum =
            network.regularisation(
                values,
                number(methods, "lamb_l1="),
                number(methods, "lamb_entropy="),
                number(methods, "lamb_coef="),
                number(methods, "lamb_coefdiff="));
        comparison.compare(
            "extra.reg." + name,
            sum.item_double(),
            golden.read("extra.reg." + name).item_double(),
            tolerance);
      }
    });
  }

  private static void compareAll(
      Golden golden, String prefix, List<Tensor> actual, Comparison comparison, double tolerance) {
    for (int l = 0; l < actual.size(); l++) {
      comparison.compare(prefix + l, actual.get(l), golden.read(prefix + l), tolerance);
    }
  }

  /**
   * Where samples miss some splines, the solver of the recording (libtorch's gelsy, see {@code
   * BSplines}) may have given up: then the recorded coefficients are no solution, and ours are held
   * to the curves that they have to keep. Either way the recorded output is that of the recorded
   * coefficients.
   */
  private static void refined(
      Golden golden,
      PykanNetwork network,
      KanTrace trace,
      Tensor x,
      Context context,
      Comparison comparison) {
    int knots = (int) golden.read("extra.refined.grid.0").size(1);
    int order = golden.config().path("k").asInt(3);
    PykanNetwork finer = network.refined(knots - 1 - 2 * order, x, context);
    double tolerance = comparison.tolerance(AFTER_REFIT, 1e-3);
    for (int l = 0; l < finer.layers().size(); l++) {
      PykanSpline layer = finer.layers().get(l);
      Tensor coefficients = golden.read("extra.refined.coef." + l);
      String grid = "extra.refined.grid." + l;
      comparison.compare(grid, layer.grid(), golden.read(grid), tolerance);
      Tensor input = trace.layers().get(l).input().detach();
      Tensor curves = trace.layers().get(l).edges().splines();
      comparison.compare("curves refined." + l, layer.edges(input).splines(), curves, tolerance);
      Tensor ours = layer.coefficients().detach().clone();
      Backpropagation.set(layer.coefficients(), coefficients);
      double missed = layer.edges(input).splines().sub(curves).abs().max().item_double();
      boolean solution = missed <= tolerance * curves.abs().max().item_double();
      // In float32 small singular values leave no digits of single coefficients.
      if (solution && comparison.dtype() == DType.FLOAT64) {
        comparison.compare("extra.refined.coef." + l, ours, coefficients, tolerance);
      }
    }
    comparison.compare(
        "extra.refined.y", finer.forward(x), golden.read("extra.refined.y"), tolerance);
  }
}
