package org.kat4j.explain.fit;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.kat4j.error.UserException;
import org.kat4j.explain.symbolic.Algebra;
import org.kat4j.explain.symbolic.Box;
import org.kat4j.explain.symbolic.Notation;
import org.kat4j.explain.symbolic.Samples;
import org.kat4j.explain.symbolic.Symbols;

/**
 * What a function is fitted to: samples to train on, to choose by, and to report.
 *
 * @param features names of the inputs
 * @param target name of the output
 * @param ranges of the inputs, which networks see as [-1, 1]
 * @param train what is fitted
 * @param validation what decides when to stop; neither fitted nor reported as the result
 * @param test what is reported
 */
public record FitData(
    List<String> features,
    String target,
    List<Range> ranges,
    Samples train,
    Samples validation,
    Samples test) {
  private static final int LEAST_ROWS = 20;
  private static final int MOST_ROWS = 100_000; // a Jacobian of 1000 parameters has then 0.8 GB
  private static final int PARTS = 5; // one of them to choose by, one to report

  /** Where an input lies, low below high. */
  public record Range(double low, double high) {
    public Range {
      if (!Double.isFinite(low) || !Double.isFinite(high) || !(low < high)) {
        throw new UserException(
            "range %s:%s: two finite numbers are needed, the lower one first".formatted(low, high));
      }
    }

    double middle() {
      return (low + high) / 2;
    }

    double half() {
      return (high - low) / 2;
    }
  }

  /**
   * A function sampled uniformly: as many rows to test as to train, a third as many to choose by.
   *
   * @throws UserException where the function is not finite
   */
  public static FitData ofFunction(
      List<String> features,
      String target,
      List<Range> ranges,
      ToDoubleFunction<double[]> function,
      int rows,
      long seed) {
    return ofFunction(
        features, target, ranges, function, rows, Math.max(rows / 3, LEAST_ROWS), seed);
  }

  /**
   * A function sampled uniformly: as many rows to test as to train. The rows to choose by are drawn
   * last, so that their number changes none of the others.
   *
   * @param choosing rows to choose by; choosing among many fits takes more of them
   * @throws UserException where the function is not finite
   */
  public static FitData ofFunction(
      List<String> features,
      String target,
      List<Range> ranges,
      ToDoubleFunction<double[]> function,
      int rows,
      int choosing,
      long seed) {
    checkCount("samples", rows);
    checkCount("samples to choose by", choosing);
    var random = new Random(seed);
    Samples train = sampled(ranges, function, rows, random);
    if (Arrays.stream(train.targets()).distinct().count() == 1) {
      throw new UserException(
          "the formula is %s everywhere in its ranges: there is nothing to fit"
              .formatted(Notation.TEXT.of(Algebra.constant(train.targets()[0]))));
    }
    Samples test = sampled(ranges, function, rows, random);
    Samples validation = sampled(ranges, function, choosing, random);
    return new FitData(features, target, ranges, train, validation, test);
  }

  /**
   * How many rows to choose among several fits by, where a function gives as many as wanted: ten
   * times those to train on. Most of an error lies in few corners that training rows miss, and so
   * would rows to choose by that are no more than these.
   */
  public static int enoughToChooseBy(int rows) {
    return Math.min(10 * rows, MOST_ROWS);
  }

  private static Samples sampled(
      List<Range> ranges, ToDoubleFunction<double[]> function, int rows, Random random) {
    double[][] inputs = new double[rows][ranges.size()];
    for (double[] row : inputs) {
      for (int j = 0; j < row.length; j++) {
        Range range = ranges.get(j);
        row[j] = range.low + (range.high - range.low) * random.nextDouble();
      }
    }
    Samples samples = Samples.of(inputs, function);
    for (int i = 0; i < rows; i++) {
      if (!Double.isFinite(samples.targets()[i])) {
        throw new UserException(
            "the formula is %s at %s; choose ranges where it is a finite number"
                .formatted(samples.targets()[i], Arrays.toString(inputs[i])));
      }
    }
    return samples;
  }

  /**
   * Rows of a table, shuffled by the seed: three fifths to train, one to choose by, one to test.
   *
   * @param columns the inputs, {@code [feature][row]}
   * @throws UserException when rows are too few or too many, a value is missing, a column never
   *     changes or is named twice
   */
  public static FitData ofColumns(
      List<String> features, List<double[]> columns, String target, double[] targets, long seed) {
    int rows = targets.length;
    checkCount("rows", rows);
    if (features.isEmpty()) {
      throw new UserException("there is no column to fit " + target + " with");
    }
    if (Set.copyOf(features).size() < features.size()) {
      throw new UserException("a column is named twice: " + String.join(",", features));
    }
    range(target, targets);
    List<Range> ranges =
        IntStream.range(0, features.size())
            .mapToObj(j -> range(features.get(j), columns.get(j)))
            .toList();
    double[][] inputs = new double[rows][features.size()];
    for (int j = 0; j < features.size(); j++) {
      for (int i = 0; i < rows; i++) {
        inputs[i][j] = columns.get(j)[i];
      }
    }
    Samples all = new Samples(inputs, targets);
    int[] order = shuffled(rows, seed);
    int one = rows / PARTS;
    return new FitData(
        features,
        target,
        ranges,
        all.part(order, 2 * one, rows),
        all.part(order, one, 2 * one),
        all.part(order, 0, one));
  }

  private static void checkCount(String what, int count) {
    if (count < LEAST_ROWS || count > MOST_ROWS) {
      throw new UserException(
          "%s: %d; a fit takes %d to %,d".formatted(what, count, LEAST_ROWS, MOST_ROWS));
    }
  }

  private static Range range(String name, double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new UserException(
            "column '%s', row %d: %s; fill in or leave out rows with missing values"
                .formatted(name, i + 1, Double.isNaN(values[i]) ? "no number" : values[i]));
      }
    }
    double low = Arrays.stream(values).min().orElseThrow();
    double high = Arrays.stream(values).max().orElseThrow();
    if (low == high) {
      throw new UserException(
          "column '%s' is %s everywhere: nothing can be learned from it or about it"
              .formatted(name, low));
    }
    return new Range(low, high);
  }

  private static int[] shuffled(int count, long seed) {
    var random = new Random(seed);
    int[] order = IntStream.range(0, count).toArray();
    for (int i = count - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  /** What the inputs are called in a formula. */
  public Symbols symbols() {
    return Symbols.of(features);
  }

  /** Where the inputs lie. */
  public Box box() {
    return new Box(
        ranges.stream().mapToDouble(Range::low).toArray(),
        ranges.stream().mapToDouble(Range::high).toArray());
  }

  /** Deviation of the training targets. */
  double deviation() {
    double mean = mean();
    double squares =
        Arrays.stream(train.targets()).map(y -> (y - mean) * (y - mean)).sum() / train.rows();
    return squares > 0 ? Math.sqrt(squares) : 1;
  }

  /** Mean of the training targets. */
  double mean() {
    return Arrays.stream(train.targets()).average().orElseThrow();
  }
}
