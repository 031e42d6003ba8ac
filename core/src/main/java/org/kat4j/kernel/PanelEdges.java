package org.kat4j.kernel;

import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.LongFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.kat4j.torch.Parallel;

/**
 * Runs {@link EdgePanels} over all edges: checks, threads, and rows that do not fill a panel.
 *
 * <p>Vectors hold neighbouring rows of one channel: an edge's parameters are then the same in all
 * lanes, and no sum goes across them but the last one. The forward is split by outputs and panels,
 * the backward by inputs, whose gradients and edges no other part touches: the same bits on every
 * run, whatever the number of threads.
 *
 * @param terms parameters of an edge
 * @param panels the arithmetic, from the address of the parameters
 */
record PanelEdges(int terms, LongFunction<EdgePanels> panels) implements EdgeKernel {
  /** Edges, counted for each row, that are not worth waking other threads. */
  private static final long SMALL = 1 << 13;

  /** Rows are filled up to a multiple: of the lanes of the widest vectors there are. */
  private static final long LANES = 64;

  @Override
  public Tensor forward(Tensor x, Tensor parameters) {
    Run run = new Run(x, parameters);
    try (Tensor columns = run.columns(x);
        Tensor sums = torch.zeros(new long[] {run.out, run.padded}, like(x))) {
      int panelsOfRows = run.panels();
      run.inParts(
          run.out * panelsOfRows,
          part -> run.forward(columns, sums, part / panelsOfRows, part % panelsOfRows));
      long[] shape = x.shape();
      shape[shape.length - 1] = run.out;
      Reference.reachabilityFence(parameters); // the loops know its address only
      return run.rows(sums, shape);
    }
  }

  @Override
  public Gradients backward(Tensor upstream, Tensor x, Tensor parameters) {
    Run run = new Run(x, parameters);
    Tensor ofParameters = torch.empty_like(parameters);
    try (Tensor columns = run.columns(x);
        Tensor upstreams = run.columns(upstream.to(x.scalar_type()));
        Tensor sums = torch.zeros_like(columns)) {
      run.inParts(run.in, input -> run.backward(upstreams, columns, sums, ofParameters, input));
      Reference.reachabilityFence(parameters);
      return new Gradients(run.rows(sums, x.shape()), ofParameters);
    }
  }

  private static TensorOptions like(Tensor x) {
    return new TensorOptions(x.scalar_type());
  }

  /** One call. */
  private final class Run {
    final long rows;
    final long padded; // rows
    final int in;
    final int out;
    final int bytes;
    final long parameters;

    Run(Tensor x, Tensor parameters) {
      out = (int) parameters.size(0);
      in = (int) parameters.size(1);
      if (!parameters.is_contiguous() || parameters.size(2) != terms || x.size(-1) != in) {
        throw new IllegalArgumentException(
            "x %s for edges %s of %d parameters"
                .formatted(Arrays.toString(x.shape()), Arrays.toString(parameters.shape()), terms));
      }
      if (ElementKind.of(x) != ElementKind.of(parameters)) {
        throw new IllegalArgumentException("edges of another dtype than x");
      }
      rows = x.numel() / in;
      padded = Math.ceilDiv(rows, LANES) * LANES;
      bytes = ElementKind.of(x).stored;
      this.parameters = NativeMemory.address(parameters);
    }

    int panels() {
      return Math.toIntExact(Math.ceilDiv(padded, EdgePanels.ROWS));
    }

    /** {@code [..., channels]} to {@code [channels, padded]}, 0 in the rows that there are not. */
    Tensor columns(Tensor x) {
      Tensor columns = torch.zeros(new long[] {x.size(-1), padded}, like(x));
      try (Tensor real = columns.narrow(1, 0, rows);
          Tensor table = x.reshape(rows, x.size(-1));
          Tensor transposed = table.t()) {
        real.copy_(transposed);
      }
      return columns;
    }

    /** The way back. */
    Tensor rows(Tensor columns, long[] shape) {
      try (Tensor real = columns.narrow(1, 0, rows);
          Tensor transposed = real.t();
          Tensor table = transposed.contiguous()) {
        return table.view(shape);
      }
    }

    void forward(Tensor columns, Tensor sums, int output, int panel) {
      EdgePanels edges = panels.apply(parameters);
      long first = (long) panel * EdgePanels.ROWS;
      int count = (int) Math.min(EdgePanels.ROWS, padded - first);
      long x = NativeMemory.address(columns) + first * bytes;
      long y = NativeMemory.address(sums) + (output * padded + first) * bytes;
      for (int input = 0; input < in; input++) {
        edges.forward((long) output * in + input, x + input * padded * bytes, y, count);
      }
    }

    void backward(Tensor upstreams, Tensor columns, Tensor sums, Tensor ofParameters, int input) {
      EdgePanels edges = panels.apply(parameters);
      long upstream = NativeMemory.address(upstreams);
      long x = NativeMemory.address(columns) + input * padded * bytes;
      long dx = NativeMemory.address(sums) + input * padded * bytes;
      long target = NativeMemory.address(ofParameters);
      double[] ofEdge = new double[terms];
      for (int output = 0; output < out; output++) {
        long edge = (long) output * in + input;
        Arrays.fill(ofEdge, 0);
        for (long first = 0; first < padded; first += EdgePanels.ROWS) {
          int count = (int) Math.min(EdgePanels.ROWS, padded - first);
          long at = first * bytes;
          long u = upstream + output * padded * bytes + at;
          edges.backward(edge, u, x + at, dx + at, count, ofEdge);
        }
        for (int term = 0; term < terms; term++) {
          store(target, edge * terms + term, ofEdge[term]);
        }
      }
    }

    private void store(long address, long element, double value) {
      if (bytes == Double.BYTES) {
        NativeMemory.ALL.set(ValueLayout.JAVA_DOUBLE, address + 8 * element, value);
      } else {
        NativeMemory.ALL.set(ValueLayout.JAVA_FLOAT, address + 4 * element, (float) value);
      }
    }

    void inParts(int parts, IntConsumer body) {
      if (padded * in * out <= SMALL) {
        for (int part = 0; part < parts; part++) {
          body.accept(part);
        }
      } else {
        Parallel.forRange(parts, body);
      }
    }
  }
}
