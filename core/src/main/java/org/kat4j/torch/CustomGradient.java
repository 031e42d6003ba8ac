package org.kat4j.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorTensorHook;
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
 * composed twin); a graph must not outlive the {@link Scope} it was built in.
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
    if (!trains(input, parameters)) {
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
    if (!trains(input, parameters)) {
      return value;
    }
    Tensor place = carrier(input).alias();
    place.set_data(value);
    Tensor output = place.alias();
    output.register_hook(new Hook(parameters, backward, true));
    // The gradient of a view is a tensor that nobody else holds: its data may be exchanged.
    return output.view(value.sizes());
  }

  /**
   * The same for several inputs, which may be results of operations, and a value of any shape.
   *
   * <p>The value's place in the graph is a sum of one element of each input, whose gradients are
   * thrown away; the true ones are handed over to a hook on each input.
   *
   * @param inputs contiguous, of the value's dtype
   * @param backward from dL/dy to the gradients of all inputs
   */
  public static Tensor applyToInputs(
      List<Tensor> inputs, Tensor value, Function<Tensor, List<Tensor>> backward) {
    if (!GradMode.is_enabled() || inputs.stream().noneMatch(Tensor::requires_grad)) {
      return value;
    }
    List<AtomicReference<@Nullable Tensor>> handedOver = new ArrayList<>();
    Tensor place = torch.zeros(new long[] {1}, new TensorOptions(value.scalar_type()));
    for (Tensor input : inputs) {
      AtomicReference<@Nullable Tensor> gradient = new AtomicReference<>();
      handedOver.add(gradient);
      if (input.requires_grad()) {
        place = place.add(entry(input, gradient).view(-1).narrow(0, 0, 1));
      }
    }
    return apply(
        place.expand(value.shape()),
        value,
        List.of(),
        upstream -> {
          List<Tensor> gradients = backward.apply(upstream);
          for (int i = 0; i < inputs.size(); i++) {
            if (inputs.get(i).requires_grad()) {
              handedOver.get(i).set(Scope.keep(gradients.get(i)));
            }
          }
          return new Gradients(upstream, List.of());
        });
  }

  /** Whether the result of an operation has to be part of a graph. */
  private static boolean trains(Tensor input, List<Tensor> parameters) {
    boolean parametersTrain = parameters.stream().anyMatch(Tensor::requires_grad);
    if (!GradMode.is_enabled() || !(input.requires_grad() || parametersTrain)) {
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

  /** The input under another name, whose gradient is the one that is handed over by then. */
  private static Tensor entry(Tensor input, AtomicReference<@Nullable Tensor> handedOver) {
    Tensor entry = input.alias();
    entry.register_hook(
        new Hook(
            List.of(),
            _ -> {
              try (Tensor gradient = Objects.requireNonNull(handedOver.getAndSet(null))) {
                return new Gradients(new Tensor(gradient), List.of());
              }
            },
            false));
    return entry;
  }

  /** Kept reachable by the scope it is made in, or by {@link #UNSCOPED} until it has run. */
  private static final class Hook extends TensorTensorHook {
    private static final Set<Hook> UNSCOPED = Collections.synchronizedSet(new HashSet<>());

    // libtorch takes its own reference to a result only after call() has returned, so ours lives
    // until the next call on the
    // thread: at most one tensor, where leaving it to the step's scope would keep all of them.
    private static final ThreadLocal<@Nullable TensorBase> RETURNED = new ThreadLocal<>();

    private static final TensorBase UNCHANGED = new TensorBase().retainReference();

    private final List<Tensor> parameters;
    private @Nullable Backward backward;
    private final boolean exchanges;

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

    @Override
    public TensorBase call(TensorBase upstream) {
      Backward gradient = backward;
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
