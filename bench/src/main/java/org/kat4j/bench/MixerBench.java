package org.kat4j.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.NearestName;
import org.kat4j.kernel.Baselines;
import org.kat4j.token.Attention;
import org.kat4j.token.Depthwise;
import org.kat4j.token.IdentityMixer;
import org.kat4j.token.LinearMixer;
import org.kat4j.token.Pooling;
import org.kat4j.token.RandomMixer;
import org.kat4j.token.SeparableConvolution;
import org.kat4j.token.TokenMixer;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Layout;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Turns;

/** Token mixers alone on square grids, against attention on the same tokens. */
public final class MixerBench {
  private static final int CALLS = 10; // between two looks at the clock on a GPU
  private static final int HEAD_WIDTH = 32;
  private static final String YARDSTICK = "attention";

  private MixerBench() {}

  /**
   * Times of one mixer on one grid; backward is a forward and backward less the forward.
   *
   * @param mixer its name in YAML
   * @param tokens of the grid
   * @param forward without gradients
   * @param both forward and backward
   * @param toAttention forward and backward by those of attention
   */
  public record Row(
      String mixer, int tokens, long parameters, Timing forward, Timing both, double toAttention) {
    public double backward() {
      return both.median() - forward.median();
    }

    /** One line for a person. */
    public String line() {
      return "%,7d  %-22s %,10d %9.3f %9.3f %8.3f"
          .formatted(tokens, mixer, parameters, forward.median(), backward(), toAttention);
    }
  }

  /** The heading of {@link Row#line()}. */
  public static String heading() {
    return "%7s  %-22s %10s %9s %9s %8s"
        .formatted("tokens", "ms, medians", "params", "forward", "backward", "ratio");
  }

  /** The mixers by their names in YAML, as published; attention last, with heads of 32 channels. */
  public static SequencedMap<String, TokenMixer.Spec> mixers(int width) {
    SequencedMap<String, TokenMixer.Spec> all = new LinkedHashMap<>();
    all.put("identity", IdentityMixer.Spec.example());
    all.put("pooling", Pooling.Spec.example());
    all.put("depthwise", Depthwise.Spec.example());
    all.put("separable-convolution", SeparableConvolution.Spec.example());
    all.put("random", RandomMixer.Spec.example());
    all.put("linear", LinearMixer.Spec.example());
    all.put(
        YARDSTICK, Attention.Spec.timm(Math.max(1, width / HEAD_WIDTH), false, false, false, 0));
    return all;
  }

  /** Those of these names, and attention; fails with the nearest name. */
  private static SequencedMap<String, TokenMixer.Spec> chosen(List<String> names, int width) {
    SequencedMap<String, TokenMixer.Spec> all = mixers(width);
    for (String name : names) {
      if (!all.containsKey(name)) {
        throw NearestName.unknown("mixer", name, all.keySet());
      }
    }
    all.keySet().removeIf(name -> !names.contains(name) && !name.equals(YARDSTICK));
    return all;
  }

  /**
   * Measures mixers on one grid, all in turns.
   *
   * @param names of the mixers
   * @param side of the square grid
   * @param rounds measured turns of each side, at least 1; on a GPU a turn is ten calls
   */
  public static List<Row> run(
      Device device,
      Precision precision,
      List<String> names,
      int batch,
      int width,
      int side,
      int rounds) {
    var grid = new Layout.Grid(List.of(side, side), 0, false);
    Context context = Context.cpu(0).withDevice(device).at(grid);
    SequencedMap<String, TokenMixer.Spec> specs = chosen(names, width);
    List<TokenMixer> built = new ArrayList<>();
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.to(Baselines.normal("float32", batch, grid.tokens(), width), device);
      List<Runnable> contenders = new ArrayList<>();
      for (TokenMixer.Spec spec : specs.values()) {
        TokenMixer mixer = spec.build(width, context);
        built.add(mixer);
        contenders.addAll(
            new Side(mixer, v -> mixer.forward(v, Pass.evaluation())).both(precision, x));
      }
      List<Timing> times = Timing.ofEach(Turns.measure(device, contenders, CALLS, rounds));
      double attention = times.getLast().median();
      List<Row> rows = new ArrayList<>();
      for (String name : specs.keySet()) {
        int i = rows.size();
        Timing both = times.get(2 * i + 1);
        rows.add(
            new Row(
                name,
                grid.tokens(),
                StateDict.parameterCount(built.get(i)),
                times.get(2 * i),
                both,
                both.median() / attention));
      }
      return rows;
    } finally {
      built.forEach(StateDict::free);
    }
  }
}
