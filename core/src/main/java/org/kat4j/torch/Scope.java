package org.kat4j.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * A unit of work that leaves no native memory behind: what is made inside on this thread is freed
 * at its end.
 *
 * <pre>{@code
 * try (var step = Scope.open()) {
 *   Tensor loss = ...;
 *   loss.backward();
 * }
 * }</pre>
 *
 * <p>Parameters, their gradients and optimizer state survive. To take a tensor out, {@link #keep}
 * it and close it later.
 */
public final class Scope implements AutoCloseable {
  private final PointerScope pointers = new PointerScope();

  private Scope() {}

  public static Scope open() {
    Host.start();
    return new Scope();
  }

  /**
   * The tensor outlives the scope; the caller closes it. Its graph does not: a result of training
   * is kept as {@code tensor.detach()}, and backward() runs inside of the scope.
   */
  public static Tensor keep(Tensor tensor) {
    return tensor.retainReference();
  }

  /** Frees tensors that outlive scopes: those of {@link #keep}, of a part or an optimizer. */
  public static void free(Iterable<Tensor> tensors) {
    tensors.forEach(Tensor::close);
  }

  @Override
  public void close() {
    pointers.close();
    BlasThreads.restore();
  }

  /** Until it is closed, this thread records nothing for differentiation. */
  public static NoGradients noGradients() {
    Host.start();
    return new NoGradients();
  }

  /** Handle of {@link #noGradients()}. */
  public static final class NoGradients implements AutoCloseable {
    private final NoGradGuard guard = new NoGradGuard();

    private NoGradients() {}

    @Override
    public void close() {
      guard.close();
    }
  }
}
