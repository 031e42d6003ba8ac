package org.kat4j.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.Batch;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Precision;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.RecordedMasks;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * A forward and a backward pass as a {@link CudaGraph}, for batches of one size: the batch and
 * masks go into its memory, loss and gradients come out of it.
 */
final class RecordedGradient<B extends Batch> implements AutoCloseable {
  private final B input; // on the device
  private final RecordedMasks masks = new RecordedMasks();
  private final Tensor loss;
  private final CudaGraph graph;
  private final Map<Tensor, Tensor> gradients = new LinkedHashMap<>(); // by parameter

  /** Computes the loss that is recorded, with the gradient as its backward pass. */
  @FunctionalInterface
  interface Forward<B extends Batch> {
    Tensor loss(B batch, Pass pass);
  }

  /**
   * Records; parameters and other state of the model stay as they are.
   *
   * @param precision that the loss is computed in
   * @param state all tensors of the model, by name
   * @param batch a full one
   * @throws RuntimeException where the passes cannot be recorded, or memory is short
   */
  RecordedGradient(
      Forward<B> forward, Precision precision, Map<String, Tensor> state, B batch, Device device) {
    Map<String, Tensor> running = new LinkedHashMap<>(state);
    running.values().removeIf(tensor -> tensor.requires_grad());
    Map<String, Tensor> before = new LinkedHashMap<>();
    running.forEach((name, tensor) -> before.put(name, tensor.clone()));
    input =
        Batch.like(
            batch,
            batch.tensors().stream()
                .map(tensor -> Scope.keep(Memory.to(tensor, device).clone()))
                .toList());
    loss = Losses.zeroSum(device);
    try {
      graph =
          CudaGraph.record(
              device,
              () -> {
                StateDict.clearGradients(state);
                masks.rewind();
                try (Scope _ = Scope.open()) {
                  Tensor value = forward.loss(input, Pass.training(masks));
                  precision.backward(value);
                  loss.copy_(value.detach());
                }
              });
    } catch (RuntimeException failure) {
      StateDict.clearGradients(state);
      freeInputs();
      throw failure;
    } finally {
      StateDict.copy(before, running);
    }
    for (Tensor parameter : state.values()) {
      Tensor gradient = new Tensor(parameter.mutable_grad());
      if (gradient.defined()) {
        gradients.put(parameter, Scope.keep(gradient));
      }
    }
  }

  /**
   * The gradient of another batch of the same size becomes that of the parameters; the host does
   * not wait.
   *
   * @return the loss, which the next call overwrites
   */
  Tensor replay(B batch, RandomStream random) {
    List<Tensor> memory = input.tensors();
    for (int i = 0; i < memory.size(); i++) {
      Memory.fill(memory.get(i), batch.tensors().get(i));
    }
    masks.redraw(random);
    graph.replay();
    gradients.forEach((parameter, gradient) -> {
      try (Tensor place = parameter.mutable_grad()) {
        place.put(gradient);
      }
    });
    return loss;
  }

  private void freeInputs() {
    Scope.free(input.tensors());
    Scope.free(List.of(loss));
    masks.free();
  }

  /** Frees everything; gradients that parameters still have are lost. */
  @Override
  public void close() {
    gradients.keySet().forEach(parameter -> parameter.mutable_grad().reset());
    Scope.free(gradients.values());
    graph.close();
    freeInputs();
  }
}
