package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.Daruan;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;
import tools.jackson.databind.node.ObjectNode;

/** Data re-uploading circuits: the solver, a layer and networks of qkan. */
public final class DaruanParity implements ParityAdapter {
  private static final List<String> CIRCUIT = List.of("theta", "preacts_weight", "preacts_bias");

  @Override
  public boolean covers(Golden golden) {
    return golden.text("repo").endsWith("/qkan")
        && (golden.text("cls").equals("QKANLayer")
            || golden.text("cls").equals("QKAN")
            || golden.text("function").equals("torch_exact_solver"));
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    Context context = Context.cpu(0).withDType(comparison.dtype());
    double tolerance = comparison.tolerance(1e-10, 1e-4);
    switch (golden.text("cls")) {
      case "QKANLayer" -> layer(golden, context, tolerance, comparison);
      case "QKAN" -> network(golden, context, tolerance, comparison);
      default -> circuit(golden, context, tolerance, comparison);
    }
  }

  /** What is trained shows in what has a gradient. */
  private static Daruan.Spec spec(Golden golden, String prefix) {
    ObjectNode c = golden.config();
    String ansatz = c.path("ansatz").asString("pz_encoding").replace("_encoding", "");
    boolean fast = c.path("fast_measure").asBoolean(true);
    boolean uploads =
        c.path("preact_trainable").asBoolean(c.path("preacts_trainable").asBoolean(false));
    return new Daruan.Spec(
        c.path("reps").asInt(3),
        Daruan.Ansatz.valueOf(ansatz.toUpperCase(Locale.ROOT)),
        fast ? Daruan.Measurement.FAST : Daruan.Measurement.EXACT,
        uploads || ansatz.equals("rpz"),
        golden.has("grad." + prefix + "postact_weights"),
        golden.has("grad." + prefix + "postact_bias"),
        KanParity.activation(c.path("base_activation").asString("silu")),
        golden.has("grad." + prefix + "base_weight"),
        Daruan.Start.ONES,
        Math.max(0, c.path("group").asInt(0)));
  }

  private static void layer(
      Golden golden, Context context, double tolerance, Comparison comparison) {
    ObjectNode c = golden.config();
    Daruan layer =
        spec(golden, "").build(c.path("in_dim").asInt(), c.path("out_dim").asInt(), context);
    var recorded = RecordedPart.load(golden, layer, tolerance, comparison);
    Tensor x = recorded.input("x");
    Tensor y = layer.forward(x, Pass.evaluation());
    KanParity.backward(golden, y);
    recorded.compare("output", y);
    recorded.compareGradients();
    if (golden.has("extra.forward_no_sum")) {
      recorded.compare("extra.forward_no_sum", layer.edges(x));
    }
  }

  private static void network(
      Golden golden, Context context, double tolerance, Comparison comparison) {
    int[] widths = KanParity.widths(golden.config().path("width"));
    List<KanLayer> layers = new ArrayList<>();
    for (int l = 1; l < widths.length; l++) {
      String prefix = "layers." + (l - 1) + ".";
      layers.add(spec(golden, prefix).build(widths[l - 1], widths[l], context));
    }
    KanStack stack = new KanStack("layers", layers);
    var recorded = RecordedPart.load(golden, stack, tolerance, comparison);
    Tensor y = stack.forward(recorded.input("x"), Pass.evaluation());
    KanParity.backward(golden, y);
    recorded.compare("output", y);
    recorded.compareGradients();
  }

  /** The circuit alone; its angles are inputs of the recording. */
  private static void circuit(
      Golden golden, Context context, double tolerance, Comparison comparison) {
    Tensor theta = golden.read("input.theta"); // [out, in, rows, gates]
    Daruan layer = spec(golden, "").build((int) theta.size(1), (int) theta.size(0), context);
    var tensors = StateDict.of(layer);
    CIRCUIT.forEach(name ->
        Backpropagation.set(
            Objects.requireNonNull(tensors.get(name)), golden.read("input." + name)));
    Tensor x = Backpropagation.leaf(golden.read("input.x"), comparison.dtype());
    Tensor y = layer.circuit(x);
    KanParity.backward(golden, y);
    comparison.compare("output", y, golden.read("output"), tolerance);
    comparison.compare("grad.input.x", x.grad(), golden.read("grad.input.x"), tolerance);
    for (String name : CIRCUIT) {
      if (golden.has("grad.input." + name)) {
        comparison.compare(
            "grad.input." + name,
            Objects.requireNonNull(tensors.get(name)).grad(),
            golden.read("grad.input." + name),
            tolerance);
      }
    }
  }
}
