package org.kat4j.torch;

import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An explicit stream of random numbers (Mersenne Twister on the CPU) whose state can be saved and
 * restored.
 *
 * <p>Same seed, same calls = same bits. Numbers of initial weights are drawn on the CPU whatever
 * the device of the model, so that a model starts from the same weights everywhere.
 */
public final class RandomStream implements AutoCloseable {
  private final Generator generator;
  private final GeneratorOptional optional;

  public RandomStream(long seed) {
    Host.start();
    generator = torch.createCPUGenerator(seed);
    generator.retainReference();
    optional = new GeneratorOptional(generator);
    optional.retainReference();
  }

  /** For libtorch functions that take a generator. */
  GeneratorOptional generator() {
    return optional;
  }

  /** Fills a CPU tensor with normal numbers, in place. */
  public Tensor normal(Tensor target, double mean, double deviation) {
    return target.normal_(mean, deviation, optional);
  }

  /** Fills a CPU tensor with uniform numbers from [low, high), in place. */
  public Tensor uniform(Tensor target, double low, double high) {
    return target.uniform_(low, high, optional);
  }

  /**
   * Fills a tensor with 0 and 1, 1 with the given probability, in place.
   *
   * <p>On a GPU the numbers come from its own generator, started anew from this stream each time:
   * millions of them are not drawn on the host, and the state of this stream is still all that a
   * checkpoint needs. They are others than on the CPU.
   */
  public Tensor bernoulli(Tensor target, double probability) {
    if (!target.is_cuda()) {
      return target.bernoulli_(probability, optional);
    }
    try (Scope _ = Scope.open()) {
      Tensor seed = torch.zeros(new long[] {1}, new TensorOptions(ScalarType.Long));
      Generator device = torch.globalContext().defaultGenerator(target.device());
      device.set_current_seed(seed.random_(optional).item_long());
      target.bernoulli_(probability, new GeneratorOptional(device));
    }
    return target;
  }

  /** The whole state as a byte tensor, for checkpoints. */
  public Tensor state() {
    return generator.get_state();
  }

  /** Goes on where the stream stood when {@code state} was taken. */
  public void restore(Tensor state) {
    generator.set_state(state);
  }

  /** Frees the stream, which cannot be used any more. */
  @Override
  public void close() {
    optional.close();
    generator.close();
  }
}
