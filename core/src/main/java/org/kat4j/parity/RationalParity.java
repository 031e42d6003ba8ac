package org.kat4j.parity;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.function.GroupRational;
import org.kat4j.function.RationalCoefficients;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.StateDict;

/** The group rational function, its initial coefficients, and the form of the fitting script. */
public final class RationalParity implements ParityAdapter {
  private static final double FLOAT64 = 1e-11;
  private static final double FLOAT32 = 1e-5;

  @Override
  public boolean covers(Golden golden) {
    return golden.text("operation").startsWith("group rational")
        || golden.text("function").startsWith("process_groups")
        || golden.text("function").equals("complex_function")
        || golden.text("cls").equals("KAT_Group")
        || golden.text("cls").equals("FlashKAT_Group")
        || golden.text("file").endsWith("init.json");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    if (golden.text("file").endsWith("init.json")) {
      initialCoefficients(golden, comparison);
    } else if (golden.text("function").equals("complex_function")) {
      fittingForm(golden, comparison);
    } else {
      groupRational(golden, comparison);
    }
  }

  private static void groupRational(Golden golden, Comparison comparison) {
    Recorded recorded = Recorded.of(golden);
    Tensor numerator = golden.read(recorded.numerator);
    Tensor denominator = golden.read(recorded.denominator);
    var spec =
        new GroupRational.Spec(
            (int) numerator.size(0),
            (int) denominator.size(0),
            (int) numerator.size(1) - 1,
            (int) denominator.size(1),
            GroupRational.Naming.KAT);
    Tensor x = Backpropagation.leaf(golden.read("input.x"), comparison.dtype());
    boolean image = golden.text("file").contains("2d");
    int channels = (int) x.size(image ? 1 : -1);
    GroupRational function =
        spec.build(
            channels,
            RationalCoefficients.named("identity"),
            Context.cpu(0).withDType(comparison.dtype()));
    List<Tensor> parameters = List.copyOf(StateDict.of(function).values());
    Context.assign(parameters.get(0), Memory.doubles(numerator));
    Context.assign(parameters.get(1), Memory.doubles(denominator));

    Tensor y = image ? function.forwardImage(x) : function.forward(x);
    Backpropagation.run(y, golden.read("weight.out"));

    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    comparison.compare("output", y, golden.read(recorded.output), tolerance);
    // At x = 0 the recording took the derivative 0 of |x|, the kernels take 1: see the golden
    // files' notes.
    Tensor counts = golden.read("input.x").ne(new Scalar(0)).to(DType.FLOAT64.scalarType());
    comparison.compare(
        "grad.input.x", x.grad().mul(counts), golden.read("grad.input.x").mul(counts), tolerance);
    comparison.compare(
        recorded.gradNumerator,
        parameters.get(0).grad(),
        golden.read(recorded.gradNumerator),
        tolerance);
    comparison.compare(
        recorded.gradDenominator,
        parameters.get(1).grad(),
        golden.read(recorded.gradDenominator),
        tolerance);
  }

  /** Where a file keeps what. */
  private record Recorded(
      String numerator,
      String denominator,
      String output,
      String gradNumerator,
      String gradDenominator) {
    static Recorded of(Golden golden) {
      String output = golden.has("output.y") ? "output.y" : "output";
      if (golden.has("input.numerator")) {
        return new Recorded(
            "input.numerator",
            "input.denominator",
            output,
            "grad.input.numerator",
            "grad.input.denominator");
      }
      String n =
          golden.has("param.numerator_v")
              ? "numerator_v"
              : golden.has("param.numerator") ? "numerator" : "weight_numerator";
      String d = n.replace("numerator", "denominator");
      return new Recorded("param." + n, "param." + d, output, "grad." + n, "grad." + d);
    }
  }

  private static void initialCoefficients(Golden golden, Comparison comparison) {
    double tolerance = comparison.tolerance(1e-7, 1e-6);
    golden
        .under("")
        .forEach((name, expected) -> {
          int dot = name.lastIndexOf('.');
          var set = RationalCoefficients.named(name.substring(0, dot));
          double[] values = name.endsWith(".numerator") ? set.numerator() : set.denominator();
          comparison.compare(
              name, Memory.to(Tensor.create(values), comparison.dtype()), expected, tolerance);
        });
  }

  /**
   * P(x) / (1 + |b1 x + b2 x^2 + ...|): the form that the published coefficient sets were fitted
   * with.
   */
  private static void fittingForm(Golden golden, Comparison comparison) {
    Tensor x = Memory.to(golden.read("input.x"), comparison.dtype());
    Tensor numerator = Memory.to(golden.read("input.numerator"), comparison.dtype());
    Tensor denominator = Memory.to(golden.read("input.denominator"), comparison.dtype());
    Tensor p = torch.zeros_like(x);
    for (long i = numerator.size(0) - 1; i >= 0; i--) {
      p = p.mul(x).add(numerator.select(0, i));
    }
    Tensor q = torch.zeros_like(x);
    for (long k = denominator.size(0) - 1; k >= 0; k--) {
      q = q.add(denominator.select(0, k)).mul(x);
    }
    Tensor y = p.div(q.abs().add(new Scalar(1)));
    comparison.compare("output", y, golden.read("output"), comparison.tolerance(1e-12, FLOAT32));
  }
}
