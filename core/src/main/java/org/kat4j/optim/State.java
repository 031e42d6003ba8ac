package org.kat4j.optim;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.error.UserException;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/** Tensors that an optimizer keeps beside the parameters. */
final class State {
  private State() {}

  /** One tensor of zeros for each parameter, by the parameter's name. */
  static SequencedMap<String, Tensor> zerosLike(List<ParameterGroup> groups) {
    SequencedMap<String, Tensor> zeros = new LinkedHashMap<>();
    try (var _ = Scope.noGradients()) {
      for (ParameterGroup group : groups) {
        group
            .parameters()
            .forEach((name, parameter) -> zeros.put(name, Scope.keep(torch.zeros_like(parameter))));
      }
    }
    return zeros;
  }

  /** The tensor that belongs to a parameter. */
  static Tensor of(Map<String, Tensor> tensors, String parameter) {
    return Objects.requireNonNull(tensors.get(parameter), parameter);
  }

  /** A count of steps that the host reads: a float scalar on the CPU. */
  static Tensor counter() {
    return Scope.keep(torch.zeros(new long[0]));
  }

  /** A count of steps as libtorch's fused optimizers take it: on the parameters' device. */
  static Tensor counterBeside(List<ParameterGroup> groups) {
    Device device =
        groups.stream()
            .flatMap(group -> group.parameters().values().stream())
            .findFirst()
            .map(Device::of)
            .orElse(Device.CPU);
    try (Scope _ = Scope.open()) {
      return Scope.keep(Memory.to(torch.zeros(new long[0]), device));
    }
  }

  /** Adds a kind of state under {@code kind + "."}. */
  static void put(SequencedMap<String, Tensor> all, String kind, Map<String, Tensor> tensors) {
    tensors.forEach((name, tensor) -> all.put(kind + "." + name, tensor));
  }

  static void copy(String name, Map<String, Tensor> saved, Tensor target) {
    Tensor source = saved.get(name);
    if (source == null) {
      throw new UserException(
          "optimizer state '"
              + name
              + "' is missing in the checkpoint: it was made with another optimizer");
    }
    if (!Arrays.equals(source.shape(), target.shape())) { // copy_ would stretch it
      throw new UserException(
          "optimizer state '"
              + name
              + "' has the shape "
              + Arrays.toString(source.shape())
              + ", this model needs "
              + Arrays.toString(target.shape()));
    }
    try (var _ = Scope.noGradients()) {
      target.copy_(source);
    }
  }
}
