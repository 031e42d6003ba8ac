package org.kat4j.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * An operation whose value and gradient come from our own kernels, inside libtorch's autograd
 * graph.
 *
 * <p>The presets expose no {@code torch::autograd::Function}. An alias of the input takes its
 * place: its data are replaced by the kernel's output, and a hook on it turns dL/dy into dL/dx,
 * which the alias passes on unchanged. Gradients of parameters are added to their {@code .grad} by
 * the hook, once per backward.
 *
 * <p>Limits: parameters must be leaves; a second derivative does not see the kernel (use the
 * composed twin); {@code torch.grad} for inputs alone also adds to the {@code .grad} of parameters,
 * since a hook cannot see what was asked for; a graph must not outlive the {@link Scope} it was
 * built in.
 */
public final class CustomGradient {
  private CustomGradient() {}

  /** dL/dx and dL/dparameter, the latter in the order of the parameters. */
  public record Gradients(Tensor input, List<Tensor> parameters) {}

  /** Turns dL/dy into the gradients of input and parameters. Called at most once per backward. */
  @FunctionalInterface
  public interface Backward {
    Gradients apply(Tensor upstream);
  }

  /**
   * Makes {@code value} the result of a differentiable operation on {@code input}.
   *
   * @param input the input x, any shape
   * @param value the operation's output y, computed without autograd; shape, dtype and strides of
   *     {@code input}
   * @param parameters leaf tensors that receive gradients
   * @param backward the gradient
   * @return y, part of the graph of {@code input}; plain {@code value} where nothing needs a
   *     gradient
   */
  public static Tensor apply(
      Tensor input, Tensor value, List<Tensor> parameters, Backward backward) {
    if (!trains(List.of(input), parameters)) {
      return value;
    }
    Tensor output = carrier(input).alias();
    output.set_data(value);
    output.register_hook(new Hook(parameters, backward, false));
    return output;
  }

  /**
   * The same for a value of another shape or dtype.
   *
   * <p>An alias of an alias that has the value's data by then expects an upstream gradient of the
   * value's shape and dtype; behind it the input's are expected. In between the hook exchanges the
   * data of the gradient itself, which libtorch lets through unseen: no pass over memory.
   *
   * @param backward the gradient; what it gives parameters is not the upstream tensor itself
   */
  public static Tensor applyConverting(
      Tensor input, Tensor value, List<Tensor> parameters, Backward backward) {
    if (!trains(List.of(input), parameters)) {
      return value;
    }
    Tensor place = carrier(input).alias();
    place.set_data(value);
    Tensor output = place.alias();
    output.register_hook(new Hook(parameters, backward, true));
    // The gradient of a view is a tensor that nobody else holds: its data may be exchanged.
    return output.view(value.sizes());
  }

  /** The gradients of all inputs and of all parameters, in their order. */
  public record AllGradients(List<Tensor> inputs, List<Tensor> parameters) {}

  /**
   * Turns the gradients of all results, null for those that the loss does not depend on, into those
   * of inputs and parameters. Called at most once per backward.
   */
  @FunctionalInterface
  public interface BackwardOfAll {
    AllGradients apply(List<@Nullable Tensor> upstream);
  }

  /**
   * The same for several inputs and several values, each of its own shape and dtype.
   *
   * <p>The place of the operation in the graph has no elements, so that nothing runs for it on the
   * device. What comes back to a value is taken from its gradient, which goes on without elements;
   * when all have come, the gradients are computed and handed over to a hook on each input.
   *
   * @param inputs may be results of operations
   * @param values computed without autograd
   * @param backward the gradients; for parameters not the upstream tensors themselves
   * @return the values, part of the graph of all inputs
   */
  public static List<Tensor> applyToAll(
      List<Tensor> inputs, List<Tensor> values, List<Tensor> parameters, BackwardOfAll backward) {
    if (!trains(inputs, parameters)) {
      return values;
    }
    List<AtomicReference<@Nullable Tensor>> ofInputs = new ArrayList<>();
    TensorVector entries = new TensorVector();
    for (Tensor input : inputs) {
      AtomicReference<@Nullable Tensor> gradient = new AtomicReference<>();
      ofInputs.add(gradient);
      if (input.requires_grad()) {
        entries.push_back(entry(input, gradient));
      }
    }
    if (entries.empty()) {
      entries.push_back(nothing(inputs.getFirst()).set_requires_grad(true));
    }
    // Gradients of what is concatenated are different tensors, unlike those of terms of a sum.
    Tensor place = torch.cat(entries, 0);
    Tensor nothing = place.detach();
    List<AtomicReference<@Nullable Tensor>> ofValues = new ArrayList<>();
    place.register_hook(
        new Hook(
            parameters,
            _ -> {
              List<@Nullable Tensor> upstream = new ArrayList<>();
              for (var gradient : ofValues) {
                upstream.add(taken(gradient));
              }
              AllGradients gradients = backward.apply(upstream);
              for (int i = 0; i < inputs.size(); i++) {
                if (inputs.get(i).requires_grad()) {
                  ofInputs.get(i).set(Scope.keep(gradients.inputs.get(i)));
                }
              }
              return new Gradients(nothing, gradients.parameters);
            },
            true));
    List<Tensor> results = new ArrayList<>();
    for (Tensor value : values) {
      AtomicReference<@Nullable Tensor> gradient = new AtomicReference<>();
      ofValues.add(gradient);
      results.add(exit(place, value, nothing, gradient));
    }
    return results;
  }

  /** Whether the result of an operation has to be part of a graph. */
  private static boolean trains(List<Tensor> inputs, List<Tensor> parameters) {
    if (!GradMode.is_enabled()
        || Stream.concat(inputs.stream(), parameters.stream()).noneMatch(Tensor::requires_grad)) {
      return false;
    }
    for (Tensor parameter : parameters) {
      if (!parameter.is_leaf()) {
        throw new IllegalArgumentException(
            "parameters of a custom gradient must be leaves, not results of operations");
      }
    }
    return true;
  }

  /** An input outside the graph still has to carry the graph to the parameters. */
  private static Tensor carrier(Tensor input) {
    return input.requires_grad() ? input : input.detach().set_requires_grad(true);
  }

  /**
   * The input without its elements, whose gradient gets the data that are handed over by then: as
   * in {@link #applyConverting}.
   */
  private static Tensor entry(Tensor input, AtomicReference<@Nullable Tensor> handedOver) {
    Tensor place = input.alias();
    place.set_data(nothing(input));
    Tensor entry = place.alias();
    entry.register_hook(
        new Hook(
            List.of(),
            _ -> new Gradients(Objects.requireNonNull(taken(handedOver)), List.of()),
            true));
    return entry;
  }

  /** A value at a place without elements, which hands its gradient over. */
  private static Tensor exit(
      Tensor place, Tensor value, Tensor nothing, AtomicReference<@Nullable Tensor> handedOver) {
    place.set_data(value);
    Tensor exit = place.alias();
    exit.register_hook(
        new Hook(
            List.of(),
            upstream -> {
              // Under another name, since the gradient itself goes on with other data.
              handedOver.set(Scope.keep(upstream.detach()));
              return new Gradients(nothing, List.of());
            },
            true));
    return exit.view(value.sizes());
  }

  /** No elements in two axes: gradients of an empty vector would be left out of a concatenation. */
  private static Tensor nothing(Tensor like) {
    return like.new_empty(0, 1);
  }

  /** What was handed over, for the innermost scope to free. */
  private static @Nullable Tensor taken(AtomicReference<@Nullable Tensor> handedOver) {
    try (Tensor gradient = handedOver.getAndSet(null)) {
      return gradient == null ? null : new Tensor(gradient);
    }
  }

  /**
   * Kept reachable by the scope it is made in, or by {@link #UNSCOPED} until it has run.
   *
   * <p>Its graph may outlive that scope, by way of {@link Scope#keep}, and libtorch would then call
   * into freed memory. Hooks that have not run stay for a while after their scope, to say so.
   */
  private static final class Hook extends TensorTensorHook {
    private static final Set<Hook> UNSCOPED = Collections.synchronizedSet(new HashSet<>());
    private static final Deque<Hook> ENDED = new ConcurrentLinkedDeque<>();
    private static final int MOST_ENDED = 1000; // a graph has some dozens
    private static final AtomicInteger ENDED_COUNT = new AtomicInteger();

    // libtorch takes its own reference to a result only after call() has returned, so ours lives
    // until the next call on the
    // thread: at most one tensor, where leaving it to the step's scope would keep all of them.
    private static final ThreadLocal<@Nullable TensorBase> RETURNED = new ThreadLocal<>();

    private static final TensorBase UNCHANGED = new TensorBase().retainReference();

    private List<Tensor> parameters;
    private @Nullable Backward backward;
    private final boolean exchanges;
    private boolean ended;

    /**
     * @param exchanges whether the upstream gradient gets the data of the input's, which may have
     *     another shape and dtype; else the latter is handed back
     */
    Hook(List<Tensor> parameters, Backward backward, boolean exchanges) {
      this.parameters = parameters;
      this.backward = backward;
      this.exchanges = exchanges;
      if (PointerScope.getInnerScope() == null) {
        UNSCOPED.add(this);
      }
    }

    /** Called by the scope when it is closed. */
    @Override
    public boolean releaseReference() {
      if (backward == null) {
        return super.releaseReference();
      }
      backward = null;
      parameters = List.of();
      ended = true;
      ENDED.add(this);
      if (ENDED_COUNT.incrementAndGet() > MOST_ENDED) {
        ENDED_COUNT.decrementAndGet();
        Hook oldest = ENDED.poll();
        return oldest != null && oldest.releaseReference();
      }
      return false;
    }

    @Override
    public TensorBase call(TensorBase upstream) {
      Backward gradient = backward;
      if (ended) {
        throw new IllegalStateException(
            "the scope in which this graph was built is closed: call backward() inside of it, and keep"
                + " results as tensor.detach()");
      }
      if (gradient == null) {
        throw new IllegalStateException(
            "backward ran twice over one graph; keep graphs to one backward");
      }
      backward = null; // lets go of the saved input as early as libtorch would
      release();
      try (var _ = new PointerScope();
          var _ = Scope.noGradients()) {
        Gradients gradients = gradient.apply(new Tensor(upstream).contiguous());
        for (int i = 0; i < parameters.size(); i++) {
          accumulate(parameters.get(i), gradients.parameters().get(i));
        }
        if (exchanges) {
          new Tensor(upstream).set_data(gradients.input());
          return UNCHANGED;
        }
        // A reference of our own: what the presets hand out may point into another tensor.
        TensorBase result = new Tensor(gradients.input()).retainReference();
        RETURNED.set(result);
        return result;
      } finally {
        upstream.close();
        UNSCOPED.remove(this);
      }
    }

    private static void release() {
      TensorBase returned = RETURNED.get();
      if (returned != null) {
        returned.close();
        RETURNED.remove();
      }
    }

    private static void accumulate(Tensor parameter, Tensor gradient) {
      if (!parameter.requires_grad()) {
        return;
      }
      Tensor sum = parameter.mutable_grad();
      if (sum.defined()) {
        sum.add_(gradient);
      } else {
        sum.put(gradient);
      }
    }
  }
}
