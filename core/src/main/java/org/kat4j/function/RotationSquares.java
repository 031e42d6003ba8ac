package org.kat4j.function;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.PlaneRotations;
import org.kat4j.kernel.RotationKernel;
import org.kat4j.torch.CustomGradient;
import org.kat4j.torch.Scope;

/** The squares that {@link PlaneRotations} give, as an operation with a gradient. */
public final class RotationSquares {
  private RotationSquares() {}

  /**
   * By the kernel where there is one.
   *
   * @param angles {@code [samples, angles]}, float32 or float64
   * @param fused whether there may be no second derivatives
   * @return {@code [samples, tokens, tokens]}, rows and columns sum to 1
   */
  public static Tensor of(PlaneRotations rotations, Tensor angles, boolean fused) {
    return fused
        ? Kernels.rotations(rotations, angles)
            .map(kernel -> fused(kernel, angles))
            .orElseGet(() -> composed(rotations, angles))
        : composed(rotations, angles);
  }

  private static Tensor fused(RotationKernel kernel, Tensor angles) {
    Tensor saved = angles.detach();
    Tensor value;
    try (var _ = Scope.noGradients()) {
      value = kernel.forward(saved);
    }
    return CustomGradient.applyConverting(
        angles,
        value,
        List.of(),
        upstream -> new CustomGradient.Gradients(kernel.backward(upstream, saved), List.of()));
  }

  /** The same from libtorch operations: slower, but with second derivatives. */
  public static Tensor composed(PlaneRotations rotations, Tensor angles) {
    long samples = angles.size(0);
    Tensor identity = torch.eye(rotations.rows(), rotations.columns(), angles.options());
    Tensor state = identity.expand(samples, -1, -1);
    for (PlaneRotations.Stage stage : rotations.stages()) {
      Tensor turn = angles.index_select(1, indices(stage.angle(), angles)).unsqueeze(-1);
      Tensor cosine = turn.cos(); // [samples, pairs, 1]
      Tensor sine = turn.sin();
      int[] others = others(stage, rotations.rows());
      Tensor x = state.index_select(1, indices(stage.first(), angles)); // [samples, pairs, columns]
      Tensor y = state.index_select(1, indices(stage.second(), angles));
      Tensor rest = state.index_select(1, indices(others, angles));
      Tensor together =
          torch.cat(
              new TensorVector(
                  x.mul(cosine).sub(y.mul(sine)), x.mul(sine).add(y.mul(cosine)), rest),
              1);
      state = together.index_select(1, indices(places(stage, others), angles));
    }
    long tokens = rotations.tokens();
    long copies = rotations.copies();
    return state
        .square()
        .view(samples, rotations.rows() / tokens, tokens, copies, tokens)
        .sum(new long[] {1, 3}, false, new ScalarTypeOptional())
        .div(new Scalar(copies));
  }

  private static int[] others(PlaneRotations.Stage stage, int rows) {
    boolean[] turned = new boolean[rows];
    IntStream.concat(IntStream.of(stage.first()), IntStream.of(stage.second()))
        .forEach(row -> turned[row] = true);
    return IntStream.range(0, rows).filter(row -> !turned[row]).toArray();
  }

  /** Where each row is among the first rows, the second rows and the others. */
  private static int[] places(PlaneRotations.Stage stage, int[] others) {
    int[] order =
        Stream.of(stage.first(), stage.second(), others).flatMapToInt(IntStream::of).toArray();
    int[] places = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      places[order[i]] = i;
    }
    return places;
  }

  private static Tensor indices(int[] values, Tensor beside) {
    long[] wide = IntStream.of(values).asLongStream().toArray();
    return Tensor.create(wide).to(beside.device(), ScalarType.Long);
  }
}
