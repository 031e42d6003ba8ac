package org.kat4j.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a pickle has built so far: the stack, its marks, and the values that were given a number.
 * Memory is bounded by a budget that each value is charged to, so that a short file cannot describe
 * a large one.
 */
final class PickleStack {
  // About what Java takes for each.
  static final int REFERENCE_BYTES = 8;
  static final int OBJECT_BYTES = 32;
  static final int TABLE_BYTES = 64;

  private static final String NOT_THERE = "its pickle takes a value that is not there";

  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private long budget;

  /**
   * @param budget bytes of memory that the values may take together
   */
  PickleStack(long budget) {
    this.budget = budget;
  }

  /** The value, if there is room for so many bytes more. */
  <T> T charged(long bytes, T value) throws MalformedFileException {
    budget -= bytes;
    if (budget < 0) {
      throw new MalformedFileException("its pickle describes more than the file can hold");
    }
    return value;
  }

  void push(Object value) throws MalformedFileException {
    stack.add(charged(REFERENCE_BYTES + OBJECT_BYTES, value));
  }

  void mark() throws MalformedFileException {
    marks.add(charged(REFERENCE_BYTES + OBJECT_BYTES, stack.size()));
  }

  /** Nothing below the last mark may be taken: what stands there is not finished. */
  private int floor() {
    return marks.isEmpty() ? 0 : marks.getLast();
  }

  Object pop() throws MalformedFileException {
    return top(1).getFirst();
  }

  /** Drops the value on top, or the mark where there is none above it. */
  void drop() throws MalformedFileException {
    if (stack.size() > floor()) {
      stack.removeLast();
    } else if (!marks.isEmpty()) {
      marks.removeLast();
    } else {
      throw new MalformedFileException(NOT_THERE);
    }
  }

  /** Takes the topmost values, the lowest of them first. */
  List<Object> top(int count) throws MalformedFileException {
    int from = stack.size() - count;
    if (from < floor()) {
      throw new MalformedFileException(NOT_THERE);
    }
    return from(from);
  }

  /** Takes all values since the last mark, and the mark. */
  List<Object> sinceMark() throws MalformedFileException {
    if (marks.isEmpty()) {
      throw new MalformedFileException("its pickle closes a group that was not opened");
    }
    return from(marks.removeLast());
  }

  private List<Object> from(int index) throws MalformedFileException {
    List<Object> tail = stack.subList(index, stack.size());
    List<Object> taken =
        charged(OBJECT_BYTES + (long) REFERENCE_BYTES * tail.size(), List.copyOf(tail));
    tail.clear();
    return taken;
  }

  /** The value on top, which stays. */
  Object peek() throws MalformedFileException {
    if (stack.size() == floor()) {
      throw new MalformedFileException(NOT_THERE);
    }
    return stack.getLast();
  }

  /** Numbers the value on top. */
  void remember(long index) throws MalformedFileException {
    memo.put(charged(TABLE_BYTES, index), peek());
  }

  /** Numbers the value on top after all others. */
  void rememberNext() throws MalformedFileException {
    remember(memo.size());
  }

  Object recall(long index) throws MalformedFileException {
    Object value = memo.get(index);
    if (value == null) {
      throw new MalformedFileException("its pickle refers to value " + index + ", not yet read");
    }
    return value;
  }
}
