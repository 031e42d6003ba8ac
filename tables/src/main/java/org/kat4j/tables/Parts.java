package org.kat4j.tables;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.kat4j.data.RandomStream;
import org.kat4j.error.UserException;

/**
 * A problem's rows in parts, for training and for what must not be seen in training.
 *
 * @param rows of each part; together all rows, each once
 */
public record Parts(List<int[]> rows) {
  public Parts {
    rows = List.copyOf(rows);
  }

  /** The rows of a part, in their order in the problem. */
  public int[] of(int part) {
    return rows.get(part);
  }

  /** All rows but a part's. */
  public int[] except(int part) {
    return IntStream.range(0, rows.size())
        .filter(i -> i != part)
        .boxed()
        .flatMapToInt(i -> Arrays.stream(rows.get(i)))
        .sorted()
        .toArray();
  }

  /**
   * Equal parts for cross-validation; classes are spread evenly.
   *
   * @throws UserException if there are fewer rows than parts
   */
  public static Parts folds(Problem problem, int count, long seed) {
    double[] shares = new double[count];
    Arrays.fill(shares, 1.0 / count);
    return shares(problem, seed, shares);
  }

  /**
   * Parts of these shares; of a classification every class is cut by them, as near as whole rows
   * allow.
   */
  public static Parts shares(Problem problem, long seed, double... shares) {
    int[] strata =
        problem.task() == Task.CLASSIFICATION
            ? Arrays.stream(problem.y()).mapToInt(y -> (int) y).toArray()
            : new int[problem.rows()];
    int[] order = RandomStream.of(seed).permutation(problem.rows());
    // Class by class, shuffled inside: cutting this line in turns spreads every class.
    int[] line =
        Arrays.stream(order)
            .boxed()
            .sorted((a, b) -> strata[a] - strata[b])
            .mapToInt(i -> i)
            .toArray();
    return cut(line, shares);
  }

  /**
   * Parts of about these shares such that rows of one group are together.
   *
   * @param groups for each row the number of its group
   */
  public static Parts groups(int[] groups, long seed, double... shares) {
    int[] names = Arrays.stream(groups).distinct().sorted().toArray();
    int[] order = RandomStream.of(seed).permutation(names.length);
    int[] shuffled = Arrays.stream(order).map(i -> names[i]).toArray();
    Parts ofNames = cut(shuffled, shares);
    Map<Integer, Integer> partOf = new HashMap<>();
    for (int part = 0; part < shares.length; part++) {
      for (int name : ofNames.of(part)) {
        partOf.put(name, part);
      }
    }
    List<int[]> rows = new ArrayList<>();
    for (int part = 0; part < shares.length; part++) {
      int wanted = part;
      rows.add(
          IntStream.range(0, groups.length)
              .filter(i -> partOf.getOrDefault(groups[i], -1) == wanted)
              .toArray());
    }
    return new Parts(rows);
  }

  /** Deals a line out: each next item goes to the part that is furthest behind its share. */
  private static Parts cut(int[] line, double... shares) {
    if (line.length < shares.length) {
      throw new UserException(
          "%d rows or groups cannot be cut into %d parts".formatted(line.length, shares.length));
    }
    double[] owed = new double[shares.length];
    List<List<Integer>> parts = new ArrayList<>();
    for (int i = 0; i < shares.length; i++) {
      parts.add(new ArrayList<>());
    }
    for (int item : line) {
      int next = 0;
      for (int part = 0; part < shares.length; part++) {
        owed[part] += shares[part];
        next = owed[part] > owed[next] + 1e-9 ? part : next;
      }
      owed[next] -= 1;
      parts.get(next).add(item);
    }
    return new Parts(
        parts.stream().map(part -> part.stream().mapToInt(i -> i).sorted().toArray()).toList());
  }
}
