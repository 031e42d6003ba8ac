package org.kat4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.error.NearestName;
import org.kat4j.function.Linear;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.kernel.Baselines;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Turns;

/**
 * Every KAN layer, in the defaults of its reference, against a linear layer of as many parameters
 * and against the B-spline layer composed of libtorch operations as efficient-kan has it.
 *
 * <p>The linear layer has the same inputs and so many more outputs. Parameters and inputs are
 * float32, whatever the precision.
 */
public final class KanBench {
  /** Outputs of the linear layer are a multiple of it: cuBLAS is several times slower without. */
  private static final int ALIGNED = 8;

  private static final int CALLS = 10; // between two looks at the clock on a GPU

  private KanBench() {}

  /**
   * Times of one layer; backward is a forward and backward less the forward.
   *
   * @param kind its name in YAML
   * @param parameters of the layer
   * @param forward without gradients
   * @param both forward and backward
   * @param linearForward the linear layer of as many parameters
   * @param linearBoth likewise
   * @param composedForward efficient-kan's B-spline layer of the same inputs and outputs
   * @param composedBoth likewise
   */
  public record Row(
      String kind,
      long parameters,
      Timing forward,
      Timing both,
      Timing linearForward,
      Timing linearBoth,
      Timing composedForward,
      Timing composedBoth) {
    public double backward() {
      return both.median() - forward.median();
    }

    /** Forward and backward by those of the linear layer. */
    public double toLinear() {
      return both.median() / linearBoth.median();
    }

    /** Forward and backward by those of the composed B-spline layer. */
    public double toComposed() {
      return both.median() / composedBoth.median();
    }

    /** One line for a person. */
    public String line() {
      return "%-18s %,9d %9.3f %9.3f %9.3f %9.3f %8.2f %9.3f %9.3f %8.2f"
          .formatted(
              kind,
              parameters,
              forward.median(),
              backward(),
              linearForward.median(),
              linearBoth.median() - linearForward.median(),
              toLinear(),
              composedForward.median(),
              composedBoth.median() - composedForward.median(),
              toComposed());
    }
  }

  /** The heading of {@link Row#line()}. */
  public static String heading() {
    return "%-18s %9s %9s %9s %9s %9s %8s %9s %9s %8s"
        .formatted(
            "ms, medians",
            "params",
            "forward",
            "backward",
            "lin. fwd",
            "lin. bwd",
            "ratio",
            "comp. fwd",
            "comp. bwd",
            "ratio");
  }

  /** The examples of all layers by their names in YAML. */
  public static SequencedMap<String, KanLayer.Spec> layers() {
    SequencedMap<String, KanLayer.Spec> all = new LinkedHashMap<>();
    for (Class<?> type : KanLayer.Spec.class.getPermittedSubclasses()) {
      try {
        all.put(
            type.getAnnotation(Kind.class).value(),
            (KanLayer.Spec) type.getMethod("example").invoke(null));
      } catch (ReflectiveOperationException missing) {
        throw new LinkageError(type + " needs a public static example()", missing);
      }
    }
    return all;
  }

  /** The layer of a name in YAML. */
  public static KanLayer.Spec layer(String kind) {
    KanLayer.Spec spec = layers().get(kind);
    if (spec == null) {
      throw NearestName.unknown("KAN layer", kind, layers().keySet());
    }
    return spec;
  }

  /**
   * Measures one layer.
   *
   * @param rows inputs of a batch
   * @param in inputs of the layer
   * @param out its outputs
   * @param rounds measured turns of each side, at least 1; on a GPU a turn is ten calls
   * @param fused whether the layer uses its kernels
   */
  public static Row run(
      Device device,
      Precision precision,
      String kind,
      int rows,
      int in,
      int out,
      int rounds,
      boolean fused) {
    Context context = Context.cpu(0).withDevice(device);
    KanLayer layer = layer(kind).build(in, out, fused ? context : context.composed());
    KanLayer composed = BSpline.Spec.example().build(in, out, context.composed());
    long parameters = StateDict.parameterCount(layer);
    int outputs = (int) Math.max(1, Math.round((double) parameters / in / ALIGNED)) * ALIGNED;
    Linear linear = new Linear(in, outputs, false, context);
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.to(Baselines.normal("float32", rows, in), device);
      List<Runnable> contenders = new ArrayList<>();
      for (Side side :
          List.of(
              new Side(layer, v -> layer.forward(v, Pass.evaluation())),
              new Side(linear, linear::forward),
              new Side(composed, v -> composed.forward(v, Pass.evaluation())))) {
        contenders.addAll(side.both(precision, x));
      }
      List<Timing> t = Timing.ofEach(Turns.measure(device, contenders, CALLS, rounds));
      return new Row(kind, parameters, t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), t.get(5));
    } finally {
      for (Part part : Arrays.asList(layer, composed, linear)) {
        StateDict.free(part);
      }
    }
  }
}
