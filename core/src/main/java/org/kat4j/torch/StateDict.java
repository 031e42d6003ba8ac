package org.kat4j.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/** The tensors and parts of a model by name, as PyTorch's {@code state_dict()} names them. */
public final class StateDict {
  private StateDict() {}

  /** All tensors of a part by their full names, in state-dict order. */
  public static SequencedMap<String, Tensor> of(Part root) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    root.register(
        new Walk("") {
          @Override
          void found(String name, Tensor tensor) {
            if (tensors.put(name, tensor) != null) {
              throw new IllegalStateException("two tensors are called " + name);
            }
          }
        });
    return tensors;
  }

  /** The tensors of {@link #of} that are trained. */
  public static SequencedMap<String, Tensor> trained(Part root) {
    SequencedMap<String, Tensor> tensors = of(root);
    tensors.values().removeIf(tensor -> !tensor.requires_grad());
    return tensors;
  }

  /** The names of the tensors that weight decay leaves alone, as their parts say. */
  public static Set<String> undecayed(Part root) {
    Set<String> names = new LinkedHashSet<>();
    root.register(
        new Walk("") {
          @Override
          void foundUndecayed(String name) {
            names.add(name);
          }
        });
    return names;
  }

  /** Visits every part below {@code root} with its full name; the root itself is "". */
  public static void forEachPart(Part root, BiConsumer<String, Part> visitor) {
    visitor.accept("", root);
    root.register(
        new Walk("") {
          @Override
          void foundUndecayed(String name) {}

          void entered(String name, Part part) {
            visitor.accept(name, part);
          }
        });
  }

  /**
   * Frees all tensors of a part, with their gradients; the part cannot be used any more. Freeing it
   * again does nothing.
   */
  public static void free(Part root) {
    Scope.free(of(root).values());
    root.register(
        new Walk("") {
          @Override
          public void derived(Tensor tensor) {
            tensor.close();
          }
        });
  }

  /** The number of trainable numbers. */
  public static long parameterCount(Part root) {
    return trained(root).values().stream().mapToLong(Tensor::numel).sum();
  }

  /** Copies values by name; every target must have its source, of its shape. */
  public static void copy(Map<String, Tensor> sources, Map<String, Tensor> targets) {
    try (var _ = Scope.noGradients()) {
      targets.forEach((name, target) -> {
        Tensor source = sources.get(name);
        if (source == null || !Arrays.equals(source.shape(), target.shape())) {
          throw new UserException(
              "tensor '" + name + "' is missing or of another shape: it belongs to another model");
        }
        target.copy_(source);
      });
    }
  }

  /** The first of these tensors that holds NaN or an infinite number, by name; empty if none. */
  public static Optional<String> notFinite(Map<String, Tensor> tensors) {
    return tensors.entrySet().stream()
        .filter(named -> !Memory.isFinite(named.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Forgets all gradients: their memory is freed, the next backward starts from nothing. */
  public static void clearGradients(Map<String, Tensor> parameters) {
    for (Tensor parameter : parameters.values()) {
      try (Tensor gradient = parameter.mutable_grad()) {
        gradient.reset();
      }
    }
  }

  /** Carries the name of the part it stands in. */
  private static class Walk implements Registry {
    private String prefix;

    Walk(String prefix) {
      this.prefix = prefix;
    }

    void found(String name, Tensor tensor) {}

    void foundUndecayed(String name) {}

    void entered(String name, Part part) {}

    @Override
    public void tensor(String name, Tensor tensor) {
      found(prefix + name, tensor);
    }

    @Override
    public void undecayed(String name, Tensor tensor) {
      foundUndecayed(prefix + name);
      tensor(name, tensor);
    }

    @Override
    public void part(String name, Part child) {
      String outer = prefix;
      entered(outer + name, child);
      prefix = outer + name + ".";
      child.register(this);
      prefix = outer;
    }
  }
}
