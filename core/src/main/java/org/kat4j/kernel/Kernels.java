package org.kat4j.kernel;

import java.lang.System.Logger.Level;
import java.util.Optional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Precision;

/** The door to the kernels: picks the fastest for a tensor and this JVM. */
public final class Kernels {
  private static final String MODULE = "jdk.incubator.vector";
  private static final RationalKernel COMPOSED = new ComposedRational();
  private static final CrossEntropyKernel COMPOSED_LOSS = new ComposedCrossEntropy();
  private static final boolean VECTORS = ModuleLayer.boot().findModule(MODULE).isPresent();

  private Kernels() {}

  /**
   * The kernels of the CPU, chosen once: without the vector module its classes must not be touched.
   */
  private static final class Cpu {
    static final RationalKernel RATIONAL = VECTORS ? new VectorRational() : scalar();

    static final PixelKernel PIXELS = VECTORS ? new VectorPixels() : new ScalarPixels();

    private static RationalKernel scalar() {
      System.getLogger(Kernels.class.getName())
          .log(Level.WARNING, "kernels run without vector instructions: " + describe());
      return new ScalarRational();
    }
  }

  /** The kernels of the GPU: their classes are touched where there is a tensor on one only. */
  private static final class Gpu {
    static final RationalKernel RATIONAL = new CudaRational(COMPOSED);
  }

  /** The fastest kernel of the group rational function for the tensor's device and dtype. */
  public static RationalKernel rational(Tensor x) {
    if (x.is_cuda()) {
      return Gpu.RATIONAL;
    }
    return ElementKind.supports(x) ? Cpu.RATIONAL : COMPOSED;
  }

  /** The fastest kernel for the pixels of pictures. */
  public static PixelKernel pixels() {
    return Cpu.PIXELS;
  }

  /** The same function from libtorch operations: slower, but with second derivatives. */
  public static RationalKernel composedRational() {
    return COMPOSED;
  }

  /**
   * B-splines of x; empty where a layer has to compose them: float16 and bfloat16 on the CPU, grids
   * too large for a GPU's shared memory.
   *
   * @param grid {@code [in, knots]}, knots that do not fall
   * @param silu whether silu(x) is wanted too, from the kernels that have it
   */
  public static Optional<BasisKernel> splines(Tensor x, Tensor grid, int order, boolean silu) {
    if (x.is_cuda()) {
      return CudaBasis.splines(x, Precision.loweredType(x), grid, order, silu);
    }
    return BSplineKernel.supports(x) ? Optional.of(new CpuSplines(grid, order)) : Optional.empty();
  }

  /**
   * Bumps around {@code centres [basis]} that all inputs share; empty where a layer has to compose
   * them, as on the CPU.
   */
  public static Optional<BasisKernel> bumps(Tensor x, Tensor centres, double width, Bump form) {
    return x.is_cuda()
        ? CudaBasis.bumps(x, Precision.loweredType(x), centres, width, form)
        : Optional.empty();
  }

  /**
   * Layer norm over the last axis of a contiguous x, written in the given dtype; empty where
   * libtorch's own has to do it, as on the CPU.
   */
  public static Optional<NormKernel> layerNorm(Tensor x, DType type, Tensor weight, Tensor bias) {
    return x.is_cuda() ? CudaNorm.of(x, type, weight, bias) : Optional.empty();
  }

  /**
   * The layer norm of a contiguous x plus a branch of another dtype, written in the given dtype,
   * and the sum itself in x's; empty where libtorch's own operations have to do it.
   */
  public static Optional<ResidualNormKernel> residualNorm(
      Tensor x, Tensor branch, DType type, Tensor weight, Tensor bias) {
    return x.is_cuda() ? CudaNorm.of(x, branch, type, weight, bias) : Optional.empty();
  }

  /**
   * The fastest cross entropy for logits in the dtype and on the device of a tensor.
   *
   * @param columns of the logits
   */
  public static CrossEntropyKernel crossEntropy(Tensor like, long columns) {
    return like.is_cuda()
        ? CudaCrossEntropy.of(like, columns).orElse(COMPOSED_LOSS)
        : COMPOSED_LOSS;
  }

  /** The same from libtorch's operations. */
  public static CrossEntropyKernel composedCrossEntropy() {
    return COMPOSED_LOSS;
  }

  /**
   * Attention of the next token to keys {@code [batch, key-value heads, capacity, head width]} and
   * their values; empty where libtorch's operations have to do it, as on the CPU.
   */
  public static Optional<NextTokenKernel> nextToken(Tensor keys) {
    return keys.is_cuda() ? CudaNextToken.of(keys) : Optional.empty();
  }

  /**
   * softmax(q k^T / sqrt(head width)) v on the CPU, without autograd, for one query of each head
   * that sees all keys; empty where libtorch's operations have to do it.
   *
   * @param q {@code [batch, heads, 1, head width]}
   * @param k {@code [batch, key-value heads, keys, head width]}; neighbouring heads share keys
   * @param v the same shape as k
   */
  public static Optional<Tensor> ofOneQuery(Tensor q, Tensor k, Tensor v) {
    return VECTORS && VectorNextToken.supports(q, k, v)
        ? Optional.of(VectorNextToken.attend(q, k, v))
        : Optional.empty();
  }

  /**
   * Steps of AdamW for parameters where one of them is; empty where libtorch's operation has to do
   * them, as on the CPU.
   */
  public static Optional<AdamWKernel> adamW(
      Tensor one, double beta1, double beta2, double epsilon) {
    return one.is_cuda() ? Optional.of(new CudaAdamW(beta1, beta2, epsilon)) : Optional.empty();
  }

  /**
   * The sum of each column, the gradient of a bias: in float64 for float64, else in float32.
   *
   * @param x {@code [rows, columns]}
   */
  public static Tensor columnSums(Tensor x) {
    Optional<Tensor> sums = x.is_cuda() ? CudaColumnSums.of(x.contiguous()) : Optional.empty();
    return sums.orElseGet(() -> composedColumnSums(x));
  }

  /**
   * What goes back through gelu(x), and the sums of its columns: the gradient of a bias before it.
   *
   * @param x {@code [rows, columns]}, contiguous
   * @param upstream dL/dgelu(x), the same shape and dtype
   */
  public static GeluGradient geluGradient(Tensor x, Tensor upstream) {
    Optional<GeluGradient> both =
        x.is_cuda() ? CudaColumnSums.ofGelu(x, upstream.contiguous()) : Optional.empty();
    return both.orElseGet(() -> {
      Tensor input = torch.gelu_backward(upstream, x);
      return new GeluGradient(input, columnSums(input));
    });
  }

  private static Tensor composedColumnSums(Tensor x) {
    DType type = DType.of(x) == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    return x.sum(new long[] {0}, false, new ScalarTypeOptional(type.scalarType()));
  }

  /**
   * Sums of edges that each have a function of their own, for {@code x} and parameters of its
   * dtype; empty where a layer has to compose them: on a GPU, in other dtypes than float32 and
   * float64, without vector instructions.
   */
  public static Optional<EdgeKernel> edges(EdgeFunction function, Tensor x) {
    return VECTORS
            && x.numel() > 0
            && ElementKind.supports(x)
            && ElementKind.of(x) != ElementKind.BFLOAT16
        ? Optional.of(VectorEdges.of(function, x))
        : Optional.empty();
  }

  /**
   * Rotations by angles of each sample's own; empty where they have to be composed: on a GPU,
   * without vector instructions.
   */
  public static Optional<RotationKernel> rotations(PlaneRotations all, Tensor angles) {
    return VECTORS && angles.is_cpu() && angles.numel() > 0
        ? Optional.of(new VectorRotations(all))
        : Optional.empty();
  }

  /** What the kernels of a device are made of, in words for people. */
  public static String describe(Device device) {
    return device.type() == Device.Type.CUDA ? "CUDA" : describe();
  }

  /** What the CPU kernels are made of, in words for people. */
  public static String describe() {
    return VECTORS
        ? "vector, " + VectorRational.bits() + " bit"
        : "scalar: start java with --add-modules=" + MODULE;
  }
}
