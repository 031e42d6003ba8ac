package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.kat4j.function.GroupRational;
import org.kat4j.function.RationalCoefficients;
import org.kat4j.model.Model;
import org.kat4j.torch.StateDict;

/**
 * A group rational function of a model, now and as it began.
 *
 * @param name of its part, such as {@code blocks.0.mlp.act1}
 * @param now the function of each group
 * @param start the same before training
 */
record LearnedFunction(
    String name, List<RationalCoefficients> now, List<RationalCoefficients> start) {

  /** Places at which a curve is drawn. */
  static final int STEPS = 80;

  /** All of a model, in the order of its layers. */
  static List<LearnedFunction> of(Model model, Model initial) {
    Map<String, GroupRational> before = rationals(initial);
    var functions = new ArrayList<LearnedFunction>();
    rationals(model)
        .forEach((name, now) ->
            Optional.ofNullable(before.get(name))
                .ifPresent(start ->
                    functions.add(new LearnedFunction(name, now.functions(), start.functions()))));
    return functions;
  }

  private static Map<String, GroupRational> rationals(Model model) {
    var found = new LinkedHashMap<String, GroupRational>();
    StateDict.forEachPart(
        model,
        (name, part) -> {
          if (part instanceof GroupRational rational) {
            found.put(name, rational);
          }
        });
    return found;
  }

  /** The tap that hears what goes into it: that of the mixer of KAT, which has two functions. */
  String inputTap() {
    int dot = name.lastIndexOf('.') + 1;
    return name.substring(0, dot) + (name.endsWith("act1") ? "input" : "hidden");
  }

  /** A short name: the block's number and the function's own name. */
  String title() {
    return name.replaceFirst("^blocks\\.", "block ").replace(".mlp.", " ");
  }

  /** Largest distance from the start over groups and over the range. */
  double largestChange(double from, double to) {
    double largest = 0;
    for (int g = 0; g < now.size(); g++) {
      for (int i = 0; i <= STEPS; i++) {
        double x = from + i * (to - from) / STEPS;
        largest = Math.max(largest, Math.abs(now.get(g).value(x) - start.get(g).value(x)));
      }
    }
    return largest;
  }

  /** Distance of all coefficients from the start, divided by the length of these. */
  double relativeDrift() {
    double moved = 0;
    double size = 0;
    for (int g = 0; g < now.size(); g++) {
      double[] after = coefficients(now.get(g));
      double[] before = coefficients(start.get(g));
      for (int i = 0; i < after.length; i++) {
        moved += (after[i] - before[i]) * (after[i] - before[i]);
        size += before[i] * before[i];
      }
    }
    return Math.sqrt(moved / size);
  }

  /** a_0 ... a_m, |b_1| ... |b_n|: the signs of the denominator do not matter. */
  private static double[] coefficients(RationalCoefficients function) {
    DoubleStream denominator = DoubleStream.of(function.denominator()).map(Math::abs);
    return DoubleStream.concat(DoubleStream.of(function.numerator()), denominator).toArray();
  }
}
