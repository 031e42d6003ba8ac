package org.kat4j.task.image;

import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.model.Signature;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/**
 * From images to probabilities as a {@link CudaGraph}, for batches up to one size: what is missing
 * of a batch is computed and thrown away.
 */
final class RecordedForward implements AutoCloseable {
  private final Tensor images; // [size, channels, side, side]
  private final Tensor probabilities; // [size, classes]
  private final CudaGraph graph;

  /**
   * @param forward images to probabilities
   * @param size images of a batch at most
   * @param anyWeight tells device and dtype
   * @throws RuntimeException where that cannot be recorded
   */
  RecordedForward(
      Signature.Images shape, UnaryOperator<Tensor> forward, int size, Tensor anyWeight) {
    float[] nothing = {0};
    images =
        Scope.keep(
            Memory.like(anyWeight, nothing, 1, 1, 1, 1)
                .repeat(size, shape.channels(), shape.height(), shape.width()));
    probabilities = Scope.keep(Memory.like(anyWeight, nothing, 1, 1).repeat(size, shape.outputs()));
    try {
      graph =
          CudaGraph.record(
              Device.of(anyWeight),
              () -> {
                try (Scope _ = Scope.open();
                    var _ = Scope.noGradients()) {
                  probabilities.copy_(forward.apply(images));
                }
              });
    } catch (RuntimeException failure) {
      Scope.free(List.of(images, probabilities));
      throw failure;
    }
  }

  /**
   * @param batch {@code [count, channels, side, side]} on the CPU, of at most {@code size} images
   * @return {@code [count, classes]} in row-major order
   */
  double[] probabilities(Tensor batch) {
    int count = (int) batch.size(0);
    Memory.fill(images.narrow(0, 0, count), batch);
    graph.replay();
    return Memory.doubles(probabilities.narrow(0, 0, count));
  }

  @Override
  public void close() {
    graph.close();
    Scope.free(List.of(images, probabilities));
  }
}
