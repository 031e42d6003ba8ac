package org.kat4j.torch;

import java.util.List;

/**
 * How the tokens of a model lie: what a mixer may know of them when it is built. The model says it,
 * {@link Context#at(Layout)}; a mixer reads what it needs.
 */
public sealed interface Layout {
  /** Any number of tokens, in no order that a mixer knows of. */
  record Free() implements Layout {
    @Override
    public String describe() {
      return "tokens in no order";
    }
  }

  /**
   * A sequence.
   *
   * @param longest tokens at most
   * @param causal whether a token sees itself and those before it only
   * @param padded whether sequences of a batch may have different lengths
   */
  record Line(int longest, boolean causal, boolean padded) implements Layout {
    @Override
    public String describe() {
      return "a line of tokens";
    }
  }

  /**
   * Cells of a grid, row after row, behind some tokens of no place.
   *
   * @param sides cells along each axis
   * @param prefix tokens in front, such as a class token
   * @param periodic whether the last cell of an axis is next to the first
   */
  record Grid(List<Integer> sides, int prefix, boolean periodic) implements Layout {
    public Grid {
      sides = List.copyOf(sides);
    }

    /** Those in front and those of the cells. */
    public int tokens() {
      return Math.addExact(prefix, Math.toIntExact(cells()));
    }

    /** Cells of all axes together. */
    public long cells() {
      return sides.stream().mapToLong(side -> side).reduce(1, (a, b) -> a * b);
    }

    @Override
    public String describe() {
      return "a grid of tokens";
    }
  }

  /** In a few words, for the user. */
  String describe();

  /** Whether a token sees itself and those before it only. */
  default boolean causal() {
    return this instanceof Line line && line.causal();
  }

  /**
   * How many tokens there are, for a part that needs to know; those of a line at its longest.
   *
   * @param who the part, for the message
   * @throws IllegalArgumentException where any number may come
   */
  default int tokens(String who) {
    return switch (this) {
      case Free _ ->
          throw new IllegalArgumentException(
              who + " needs to know how many tokens come; here are " + describe());
      case Line line -> line.longest();
      case Grid grid -> Math.toIntExact(grid.prefix() + grid.cells());
    };
  }

  /**
   * The line that a part needs.
   *
   * @param who the part, for the message
   * @throws IllegalArgumentException where tokens lie otherwise
   */
  default Line line(String who) {
    if (this instanceof Line line) {
      return line;
    }
    throw new IllegalArgumentException(who + " needs a line of tokens; here is " + describe());
  }

  /**
   * The grid that a part needs.
   *
   * @param who the part, for the message
   * @throws IllegalArgumentException where tokens lie otherwise
   */
  default Grid grid(String who) {
    if (this instanceof Grid grid) {
      return grid;
    }
    throw new IllegalArgumentException(who + " needs a grid of tokens; here is " + describe());
  }
}
