package org.kat4j.kernel;

import org.bytedeco.pytorch.Tensor;

/** Which basis functions a GPU kernel computes, and what it needs to know of them. */
sealed interface CudaFunctions {
  /** File name of the source. */
  String source();

  /** What is compiled for these functions only. */
  String option();

  /** Functions of an input. */
  int basis();

  /** Numbers in the shared memory of a block beside the values it writes. */
  int sharedNumbers();

  /** Their tensors and numbers, in the order of the kernels' parameters. */
  CudaLaunch arguments(CudaLaunch launch);

  /**
   * B-splines.
   *
   * @param grid {@code [in, knots]}, contiguous, in the type of the arithmetic
   */
  record Splines(Tensor grid, int order) implements CudaFunctions {
    @Override
    public String source() {
      return "splines.cu";
    }

    @Override
    public String option() {
      return "-DORDER=" + order;
    }

    @Override
    public int basis() {
      return Math.toIntExact(grid.size(1)) - 1 - order;
    }

    /** The knots of a warp's inputs, continued at both ends. */
    @Override
    public int sharedNumbers() {
      return (Math.toIntExact(grid.size(1)) + 2 * order) * CudaBasis.COLUMNS;
    }

    @Override
    public CudaLaunch arguments(CudaLaunch launch) {
      return launch.tensor(grid);
    }
  }

  /**
   * Bumps around centres that all inputs share.
   *
   * @param centres {@code [basis]}, contiguous, in the type of the arithmetic
   */
  record Bumps(Tensor centres, double width, Bump form) implements CudaFunctions {
    @Override
    public String source() {
      return "bumps.cu";
    }

    @Override
    public String option() {
      return "-DFORM=" + form.ordinal();
    }

    @Override
    public int basis() {
      return Math.toIntExact(centres.size(0));
    }

    @Override
    public int sharedNumbers() {
      return basis();
    }

    @Override
    public CudaLaunch arguments(CudaLaunch launch) {
      return launch.tensor(centres).number(1 / width);
    }
  }
}
