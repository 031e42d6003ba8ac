package org.kat4j.bench;

import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.NullUnmarked;
import org.kat4j.kernel.Baselines;
import org.kat4j.kernel.GroupLayout;
import org.kat4j.kernel.Kernels;
import org.kat4j.kernel.RationalKernel;
import org.kat4j.torch.Host;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The group rational CPU kernels beside GELU under JMH; started by {@link RunBenchmarks}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@NullUnmarked // JMH calls setup before anything else
public class RationalBenchmark {
  @Param({"float32", "bfloat16", "float64"})
  String dtype;

  @Param({"1", "2"})
  int threads;

  private Tensor x;
  private Tensor upstream;
  private Tensor numerator;
  private Tensor denominator;
  private GroupLayout layout;
  private RationalKernel kernel;

  @Setup
  public void setup() {
    Host.start();
    Host.setThreads(threads);
    long[] shape = {16, 197, 768};
    int groups = 8;
    x = Baselines.normal(dtype, shape);
    upstream = Baselines.normal(dtype, shape);
    numerator = Baselines.normal("float32", 1, 6);
    denominator = Baselines.normal("float32", groups, 4);
    layout = GroupLayout.channelsLast(x, groups);
    kernel = Kernels.rational(x);
  }

  @Benchmark
  public void forward() {
    kernel.forward(x, numerator, denominator, layout).close();
  }

  @Benchmark
  public void backward() {
    var gradients = kernel.backward(upstream, x, numerator, denominator, layout);
    gradients.x().close();
    gradients.numerator().close();
    gradients.denominator().close();
  }

  @Benchmark
  public void geluForward() {
    Baselines.gelu(x).close();
  }

  @Benchmark
  public void geluBackward() {
    Baselines.geluBackward(upstream, x).close();
  }
}
