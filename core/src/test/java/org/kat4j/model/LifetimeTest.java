package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.kat4j.optim.AdamW;
import org.kat4j.optim.Ema;
import org.kat4j.optim.Lamb;
import org.kat4j.optim.Optimizer;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.optim.Sgd;
import org.kat4j.torch.Context;
import org.kat4j.torch.Host;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** What owns native memory gives all of it back when it is closed, without the collector. */
class LifetimeTest {
  private static final int BEFORE = 10; // until allocator and threads have what they keep
  private static final int MADE = 50;
  private static final long LEAST = 128 << 10; // bytes of the smallest of them

  private static final Context CONTEXT = Context.cpu(1).forOverwriting();
  private static final ImageModel.Spec KAT = VisionTransformer.Spec.kat(8, 4, 3, 10, 192, 1, 3);

  static Stream<Arguments> owners() {
    return Stream.of(
        owner("transformer", _ -> train(KAT)),
        owner("vision transformer", _ -> train(VisionTransformer.Spec.vit(8, 4, 3, 10, 192, 1, 3))),
        owner("convnet", _ -> train(ConvNet.Spec.example().withInput(32, 3, 10))),
        owner("adamw", model -> optimize(model, AdamW.Spec.example())),
        owner("lamb", model -> optimize(model, Lamb.Spec.example())),
        owner("sgd", model -> optimize(model, Sgd.Spec.example())),
        owner("moving average", LifetimeTest::average));
  }

  private static Arguments owner(String name, Consumer<ImageModel> madeAndClosed) {
    return Arguments.of(name, madeAndClosed);
  }

  private static void train(ImageModel.Spec spec) {
    try (ImageModel model = spec.build(CONTEXT)) {
      backward(model);
      model.close(); // a second time does nothing
    }
  }

  private static void backward(ImageModel model) {
    Signature.Images input = model.spec().signature();
    try (Scope _ = Scope.open()) {
      Tensor images = torch.ones(2, input.channels(), input.height(), input.width());
      model.forward(images, Pass.evaluation()).sum().backward();
    }
  }

  private static void optimize(ImageModel model, Optimizer.Spec spec) {
    SequencedMap<String, Tensor> trained = StateDict.trained(model);
    try (Optimizer optimizer = spec.build(ParameterGroup.single(trained, 0.01))) {
      backward(model);
      optimizer.step(1e-3);
      StateDict.clearGradients(trained);
    }
  }

  private static void average(ImageModel model) {
    Map<String, Tensor> before = StateDict.of(model);
    try (Ema average = Ema.of(StateDict.of(model))) {
      average.update(StateDict.of(model), 0.5);
    }
    assertThat(before.values()).allMatch(Tensor::defined);
  }

  private int threads;

  /** Waking a second thread for this little costs more than it gains. */
  @BeforeEach
  void useOneThread() {
    threads = Host.threads();
    Host.setThreads(1);
  }

  @AfterEach
  void useAllThreads() {
    Host.setThreads(threads);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("owners")
  void memoryIsFlat(String name, Consumer<ImageModel> madeAndClosed) {
    try (ImageModel model = KAT.build(CONTEXT)) {
      for (int i = 0; i < BEFORE; i++) {
        madeAndClosed.accept(model);
      }
      long pointers = Pointer.totalCount();
      long resident = Host.residentBytes();
      for (int i = 0; i < MADE; i++) {
        madeAndClosed.accept(model);
      }
      assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
      assertThat(Host.residentBytes()).isLessThan(resident + MADE * LEAST);
    }
  }
}
