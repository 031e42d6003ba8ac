package org.kat4j.model.generate;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.kat4j.kernel.CudaGraph;
import org.kat4j.model.TokenModel;
import org.kat4j.torch.Arrival;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Stream;

/** Draws token after token: what texts are read, and what is kept in between. */
sealed interface Decoder extends AutoCloseable {
  /**
   * Reads texts from their beginning and draws what follows.
   *
   * @param uniform gives numbers from [0, 1), one for each text, for one token after the other
   */
  long[] read(Texts texts, Supplier<double[]> uniform);

  /** Reads the token that was drawn last and draws what follows. */
  long[] next(Texts texts, Supplier<double[]> uniform);

  @Override
  void close();

  /** The decoder for a model. */
  static Decoder of(TokenModel model, Sampling sampling, int batch, Device device) {
    return model.streams()
        ? new Streamed(model, sampling, batch, device)
        : new Whole(model, sampling, device);
  }

  /** For models that cannot go on: each time everything is read again. */
  record Whole(TokenModel model, Sampling sampling, Device device) implements Decoder {
    @Override
    public long[] read(Texts texts, Supplier<double[]> uniform) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        Tensor logits = model.next(tensor(texts, device), Pass.evaluation());
        Tensor numbers = Memory.to(Memory.doubles(uniform.get(), texts.count(), 1), device);
        return Memory.longs(sampling.draw(logits, numbers));
      }
    }

    @Override
    public long[] next(Texts texts, Supplier<double[]> uniform) {
      return read(texts, uniform);
    }

    @Override
    public void close() {}
  }

  private static Tensor tensor(Texts texts, Device device) {
    Tensor all = Tensor.create(texts.joined()).view(texts.count(), texts.length());
    return Memory.to(all, device);
  }

  /**
   * Goes on with a stream. On a GPU a step is recorded once and then started as a whole: it takes
   * the token from the device and leaves the next one there. While the host waits for a token, the
   * GPU is at the one after it already.
   */
  final class Streamed implements Decoder {
    private static final long SMALL =
        1L << 25; // numbers: 128 MiB, about what a core reads in 10 ms

    private final TokenModel model;
    private final Sampling sampling;
    private final Device device;
    private final Stream stream;
    private final Pass pass;
    private final Tensor token; // int64 [batch, 1]
    private final Tensor uniform; // float64 [batch, 1]
    private final boolean small;
    private final @Nullable CudaGraph graph;
    private final @Nullable Arrival arrival; // of the tokens of a recorded step
    private boolean ahead; // whether the next step was started

    private Streamed(TokenModel model, Sampling sampling, int batch, Device device) {
      this.model = model;
      this.sampling = sampling;
      this.device = device;
      stream = new Stream(model.spec().signature().longest(), device);
      pass = Pass.evaluation().with(stream);
      token = place(ScalarType.Long, batch, device);
      uniform = place(ScalarType.Double, batch, device);
      small = StateDict.parameterCount(model) < SMALL;
      graph = device.type() == Device.Type.CUDA ? recorded() : null;
      arrival = graph == null ? null : new Arrival(token);
    }

    private static Tensor place(ScalarType type, int batch, Device device) {
      try (Scope _ = Scope.open()) {
        Tensor zeros = torch.zeros(new long[] {batch, 1}, new TensorOptions(type));
        return Scope.keep(Memory.to(zeros, device));
      }
    }

    private @Nullable CudaGraph recorded() {
      stream.recordable(true);
      try {
        return CudaGraph.record(device, this::step);
      } catch (RuntimeException failure) {
        CudaGraph.warn("text is written", failure);
        return null;
      } finally {
        stream.recordable(false);
      }
    }

    private void step() {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        draw(token);
      }
    }

    /**
     * One token asks for products with vectors only. In a small model each of them is done before
     * further threads have come.
     */
    private void stepOnTheHost() {
      if (small) {
        Tensor _ =
            Host.withSmallProducts(
                token,
                same -> {
                  step();
                  return same;
                });
      } else {
        step();
      }
    }

    private void draw(Tensor tokens) {
      token.copy_(sampling.draw(model.next(tokens, pass), uniform));
    }

    @Override
    public long[] read(Texts texts, Supplier<double[]> numbers) {
      try (Scope _ = Scope.open();
          var _ = Scope.noGradients()) {
        stream.rewind();
        fill(numbers.get());
        draw(tensor(texts, device));
        return Memory.longs(token);
      }
    }

    private void fill(double[] numbers) {
      Memory.fill(uniform, Memory.doubles(numbers, numbers.length, 1));
    }

    @Override
    public long[] next(Texts texts, Supplier<double[]> numbers) {
      try (Scope _ = Scope.open()) {
        if (graph != null && arrival != null) {
          return next(graph, arrival, numbers);
        }
        fill(numbers.get());
        stepOnTheHost();
        return Memory.longs(token);
      }
    }

    /** A text that ends here has one step too many: nobody looks at it. */
    private long[] next(CudaGraph step, Arrival tokens, Supplier<double[]> numbers) {
      if (!ahead) {
        start(step, numbers.get());
      }
      tokens.send(token);
      ahead = stream.length() < stream.capacity();
      if (ahead) {
        start(step, numbers.get());
      }
      return tokens.await();
    }

    private void start(CudaGraph step, double[] numbers) {
      fill(numbers);
      step.replay();
      stream.ran(1);
    }

    @Override
    public void close() {
      if (graph != null) {
        graph.close();
      }
      if (arrival != null) {
        arrival.close();
      }
      stream.close();
      token.close();
      uniform.close();
    }
  }
}
