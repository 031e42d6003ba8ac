package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.RandomStream;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

class WeightsTest {
  private static final VisionTransformer.Spec SPEC =
      VisionTransformer.Spec.kat(12, 4, 1, 5, 24, 2, 3);

  @TempDir Path folder;
  private Scope scope;
  private Path file;

  @BeforeEach
  void open() {
    scope = Scope.open();
    file = folder.resolve("model.safetensors");
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor images(int size) {
    Tensor numbers =
        torch.zeros(new long[] {2, 1, size, size}, new TensorOptions(ScalarType.Float));
    return new RandomStream(9).normal(numbers, 0, 1);
  }

  private static Tensor logits(Model model) {
    return ImageModel.of(model)
        .forward(images(ImageModel.of(model).spec().signature().height()), Pass.evaluation());
  }

  private static AbstractThrowableAssert<?, ?> assertMistake(ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOf(UserException.class)
        .satisfies(e -> assertThat(Objects.requireNonNull(e.getMessage())).doesNotContain("\n"));
  }

  /** A file with this spec and these tensors. */
  private void write(ImageModel model, SequencedMap<String, Tensor> tensors) {
    String json = Config.toJson((Record) model.spec());
    Safetensors.write(file, tensors, Map.of(Weights.MODEL, json));
  }

  @Test
  void theFileAloneRebuildsTheModel() {
    Model saved = SPEC.build(Context.cpu(1));
    Weights.save(file, saved, Map.of("note", "kept"));
    Model loaded = Weights.load(file, Context.cpu(2));
    assertThat(loaded.spec()).isEqualTo(SPEC);
    assertThat(logits(loaded).equal(logits(saved))).isTrue();
    try (Safetensors weights = Safetensors.open(file)) {
      assertThat(weights.metadata()).containsEntry("note", "kept").containsEntry("format", "pt");
      assertThat(weights.names()).containsExactlyInAnyOrderElementsOf(StateDict.of(saved).keySet());
    }
  }

  @Test
  void tensorsBesideTheModelAreNotInTheWay() {
    Model saved = SPEC.build(Context.cpu(1));
    Tensor step = Tensor.create(new float[] {7});
    Weights.save(file, saved, Map.of("optimizer/step", step), Map.of());
    assertThat(logits(Weights.load(file, Context.cpu(2))).equal(logits(saved))).isTrue();
  }

  @Test
  void missingAndUnknownTensorsAreNamed() {
    ImageModel model = SPEC.build(Context.cpu(1));
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>(StateDict.of(model));
    tensors.remove("head.bias");
    write(model, tensors);
    assertMistake(() -> Weights.load(file, Context.cpu(1)))
        .hasMessageStartingWith(file + ": tensor head.bias is missing");
    tensors.remove("head.weight");
    write(model, tensors);
    assertMistake(() -> Weights.loadInto(file, model))
        .hasMessageStartingWith(file + ": 2 tensors, head.weight first, are missing");
    tensors.putAll(StateDict.of(model));
    tensors.put("blocks.2.norm1.weight", Tensor.create(new float[] {1}));
    write(model, tensors);
    assertMistake(() -> Weights.load(file, Context.cpu(1)))
        .hasMessageStartingWith(file + ": tensor blocks.2.norm1.weight is not in the model");
  }

  @Test
  void aTensorOfAnotherShapeIsNamed() {
    ImageModel model = SPEC.build(Context.cpu(1));
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>(StateDict.of(model));
    tensors.put("head.bias", Tensor.create(new float[] {1}));
    write(model, tensors);
    assertMistake(() -> Weights.load(file, Context.cpu(1)))
        .hasMessageContaining("head.bias")
        .hasMessageContaining("[1]")
        .hasMessageContaining("[5]");
  }

  @Test
  void positionsThatDoNotFitAreNamed() {
    ImageModel model = SPEC.build(Context.cpu(1));
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>(StateDict.of(model));
    long[][] shapes = {{1, 10, 30}, {1, 9, 24}, {1, 1, 24}, {2, 10, 24}, {24}, {}};
    for (long[] shape : shapes) {
      tensors.put("pos_embed", torch.zeros(shape, new TensorOptions(ScalarType.Float)));
      write(model, tensors);
      assertMistake(() -> Weights.load(file, Context.cpu(1))).hasMessageContaining("pos_embed");
      assertMistake(() -> Weights.loadInto(file, model)).hasMessageContaining("pos_embed");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "3",
        "null",
        "\"kat_huge\"",
        "{\"kind\": \"perceptron\"}",
        "{\"kind\": \"vision-transformer\", \"width\": -1}",
        "{\"kind\": \"vision-transformer\", \"tokenMixer\": {\"heads\": 5}}",
      })
  void aBrokenDescriptionIsAMistake(String json) {
    Safetensors.write(file, StateDict.of(SPEC.build(Context.cpu(1))), Map.of(Weights.MODEL, json));
    assertMistake(() -> Weights.load(file, Context.cpu(1))).hasMessageStartingWith(file + ": ");
  }

  /** The description is from outside: 4 TB of weights must not be allocated on its word. */
  @Test
  void aDescriptionThatIsTooLargeForItsFileIsRefusedBeforeAnyMemory() {
    String json =
        "{\"kind\": \"vision-transformer\", \"width\": 65520, \"depth\": 20, "
            + "\"tokenMixer\": {\"heads\": 1}}";
    Safetensors.write(file, StateDict.of(SPEC.build(Context.cpu(1))), Map.of(Weights.MODEL, json));
    assertMistake(() -> Weights.load(file, Context.cpu(1))).hasMessageStartingWith(file + ": ");
  }

  @Test
  void withoutADescriptionTheMessageSaysWhatToDo() {
    Safetensors.write(file, StateDict.of(SPEC.build(Context.cpu(1))), Map.of());
    assertMistake(() -> Weights.load(file, Context.cpu(1))).hasMessageContaining("--model");
    ImageModel model = SPEC.build(Context.cpu(2));
    Weights.loadInto(file, model);
    assertThat(logits(model).equal(logits(SPEC.build(Context.cpu(1))))).isTrue();
  }

  @Test
  void positionsOfAnotherImageSizeAreResampled() {
    Model small = SPEC.build(Context.cpu(1));
    Weights.save(file, small, Map.of());
    Model large = SPEC.withInput(24, 1, 5).build(Context.cpu(2));
    Weights.loadInto(file, large);
    Tensor stored = Objects.requireNonNull(StateDict.of(small).get("pos_embed"));
    Tensor loaded = Objects.requireNonNull(StateDict.of(large).get("pos_embed"));
    assertThat(loaded.shape()).containsExactly(1, 37, 24);
    assertThat(loaded.narrow(1, 0, 1).equal(stored.narrow(1, 0, 1))).isTrue();
    assertThat(logits(large).isfinite().all().item_bool()).isTrue();
  }
}
