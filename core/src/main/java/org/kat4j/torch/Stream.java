package org.kat4j.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.error.UserException;

/**
 * One sequence that a model reads piece by piece: what its parts remember of the tokens before, and
 * how many there were. {@code model.forward(newTokens, pass.with(stream))} gives what one forward
 * over all tokens so far would give for the new ones.
 *
 * <p>States are handed out in the order in which parts ask for them, which is the same in every
 * pass. The model says where a pass begins and ends. Passes over a stream are for evaluation:
 * gradients do not reach back into the states.
 */
public final class Stream implements Pass.Given, AutoCloseable {
  /** What a part remembers; freed with the stream. */
  public interface State extends AutoCloseable {
    @Override
    void close();
  }

  private final int capacity;
  private final Device device;
  private final Tensor start; // int64 [1], the number of tokens before this pass
  private final List<State> states = new ArrayList<>();
  private int next;
  private int length;
  private int coming;
  private boolean recordable;

  /**
   * @param capacity tokens at most
   * @param device where the model is
   */
  public Stream(int capacity, Device device) {
    this.capacity = capacity;
    this.device = device;
    try (Scope _ = Scope.open()) {
      Tensor zero = torch.zeros(new long[] {1}, new TensorOptions(ScalarType.Long));
      start = Scope.keep(zero.to(device.toTorch(), ScalarType.Long));
    }
  }

  /** Tokens at most. */
  public int capacity() {
    return capacity;
  }

  /** Tokens that were read before this pass. */
  public int length() {
    return length;
  }

  /**
   * Whether, from now on, the work of a pass must not depend on how many tokens there were, so that
   * it can be recorded once and run again: parts then take the position from the device and look at
   * their whole memory. Whoever runs a recorded pass says so, {@link #ran}.
   */
  public void recordable(boolean yes) {
    recordable = yes;
  }

  /** Whether parts have to work on their whole memory; see {@link #recordable(boolean)}. */
  public boolean isRecordable() {
    return recordable;
  }

  /**
   * A pass over so many further tokens begins.
   *
   * @throws UserException where they are more than the stream has room for
   */
  public void begin(long tokens) {
    if (length + tokens > capacity) {
      throw new UserException(
          "%,d tokens after %,d: the model reads %,d at most".formatted(tokens, length, capacity));
    }
    coming = Math.toIntExact(tokens);
    next = 0;
  }

  /** The pass that began has ended: its tokens have been read. */
  public void end() {
    try (var _ = Scope.noGradients()) {
      start.add_(new Scalar(coming));
    }
    length += coming;
  }

  /** A recorded pass over so many tokens has run on the device, its end included. */
  public void ran(int tokens) {
    length += tokens;
  }

  /** Forgets every token: the next pass begins a sequence in the memory of this one. */
  public void rewind() {
    start.zero_();
    length = 0;
  }

  /** Where the tokens of this pass stand, from 0: int64 {@code [tokens]}, on the device. */
  public Tensor positions() {
    if (coming == 1) {
      return start.view(1);
    }
    Tensor within = torch.arange(new Scalar(coming), start.options()); // [tokens]
    return within.add(start);
  }

  /** The state of the part that asks, made by it in the first pass. */
  public <S extends State> S state(Class<S> type, Supplier<S> first) {
    if (next == states.size()) {
      states.add(first.get());
    }
    return type.cast(states.get(next++));
  }

  /** Where the model is. */
  public Device device() {
    return device;
  }

  @Override
  public void close() {
    states.forEach(State::close);
    states.clear();
    start.close();
  }
}
