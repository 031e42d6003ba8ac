package org.kat4j.explain.search;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.kat4j.explain.symbolic.Box;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.explain.symbolic.Formula;
import org.kat4j.explain.symbolic.Samples;

/**
 * What a formula is searched for.
 *
 * @param names of the variables
 * @param box where they lie
 * @param train what constants are fitted to
 * @param validation what formulas are chosen by
 */
public record Task(List<String> names, Box box, Samples train, Samples validation) {
  /** Part of the targets' deviation. */
  private static final double EXACT = 1e-9;

  private static final double ROUNDED = 3; // steps of the last decimal
  private static final int MOST_DECIMALS = 9;
  private static final double WHOLE = 1e-5;

  public Task {
    names = List.copyOf(names);
  }

  List<Expression> variables() {
    return IntStream.range(0, names.size())
        .<Expression>mapToObj(j -> new Expression.Variable(names.get(j), j))
        .toList();
  }

  /** At most so many training samples, spread evenly. */
  Samples some(int most) {
    int rows = train.rows();
    int count = Math.min(most, rows);
    int[] order = IntStream.range(0, count).map(i -> (int) ((long) i * rows / count)).toArray();
    return train.part(order, 0, count);
  }

  /**
   * An error that is none: what is left by rounding, of numbers or of the targets as they were
   * written down.
   */
  public double exact() {
    return Math.max(EXACT * deviation(), ROUNDED * resolution());
  }

  /** The step of targets with few decimals; 0 of others and of whole numbers. */
  private double resolution() {
    for (int decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
      double scale = Math.pow(10, decimals);
      if (Arrays.stream(train.targets())
          .allMatch(y -> Math.abs(y * scale - Math.rint(y * scale)) < WHOLE)) {
        return decimals == 0 ? 0 : 1 / scale;
      }
    }
    return 0;
  }

  /** Deviation of the training targets. */
  double deviation() {
    return Formula.deviation(train.targets());
  }
}
