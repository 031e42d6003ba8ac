package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Place;
import org.kat4j.torch.Safetensors;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;

/** Folders of language models as transformers publishes them, whole and damaged. */
class HubLanguageTest {
  private static final String LLAMA =
      """
      {"architectures": ["LlamaForCausalLM"], "vocab_size": 23, "hidden_size": 16, "intermediate_size": 22,
       "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_act": "silu",
       "max_position_embeddings": 32, "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "tie_word_embeddings": false,
       "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                        "original_max_position_embeddings": 16}}\
      """;
  private static final String QWEN3 =
      """
      {"architectures": ["Qwen3ForCausalLM"], "vocab_size": 23, "hidden_size": 16, "intermediate_size": 22,
       "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6,
       "hidden_act": "silu", "max_position_embeddings": 32, "rms_norm_eps": 1e-6, "tie_word_embeddings": true,
       "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}}\
      """;
  private static final String GPT2 =
      """
      {"architectures": ["GPT2LMHeadModel"], "vocab_size": 23, "n_embd": 16, "n_head": 2, "n_layer": 2,
       "n_positions": 32, "n_inner": null, "activation_function": "gelu_new"}\
      """;

  @TempDir Path folder;
  private final Scope scope = Scope.open();

  @AfterEach
  void close() {
    scope.close();
  }

  private static String config(HubLanguage language) {
    return switch (language) {
      case LLAMA -> LLAMA;
      case QWEN3 -> QWEN3;
      case GPT2 -> GPT2;
    };
  }

  /** Writes what transformers would of a model of ours. */
  private CausalTransformer write(HubLanguage language, UnaryOperator<String> rename)
      throws IOException {
    CausalTransformer.Spec spec = language.spec(Config.parse(config(language), "test"));
    CausalTransformer model = spec.build(Context.cpu(3));
    Map<String, Tensor> ours = new LinkedHashMap<>();
    StateDict.of(model).forEach((name, tensor) -> ours.put(name, tensor.detach()));
    Map<String, Tensor> theirs = new LinkedHashMap<>();
    Place.stored(language.places(spec), ours)
        .forEach((name, tensor) -> theirs.put(rename.apply(name), tensor));
    save(theirs, config(language));
    return model;
  }

  private void save(Map<String, Tensor> theirs, String config) throws IOException {
    Safetensors.write(folder.resolve("model.safetensors"), theirs, Map.of("format", "pt"));
    Files.writeString(folder.resolve("config.json"), config);
  }

  private static double distance(CausalTransformer a, CausalTransformer b) {
    try (var _ = Scope.noGradients()) {
      Tensor tokens = Tensor.create(new long[] {3, 1, 4, 1, 5, 9, 2, 6}).view(1, -1);
      Tensor ofA = a.forward(tokens, Pass.evaluation());
      return ofA.sub(b.forward(tokens, Pass.evaluation())).abs().max().item_double();
    }
  }

  @ParameterizedTest
  @EnumSource(HubLanguage.class)
  void aFolderIsAModel(HubLanguage language) throws IOException {
    CausalTransformer written = write(language, name -> name);
    try (WeightsFile file = WeightsFile.open(folder)) {
      assertThat(file.spec()).isEqualTo(written.spec());
      assertThat(file.metadata()).containsEntry(Weights.TASK, "language");
      CausalTransformer read = (CausalTransformer) Weights.load(file, Context.cpu(9));
      assertThat(distance(written, read)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(HubLanguage.class)
  void aModelIsWrittenAsItWasRead(HubLanguage language) throws IOException {
    CausalTransformer model = write(language, name -> name);
    Path out = folder.resolve("out");
    Weights.export(out, model, Map.of());
    assertThat(Config.readTree(out.resolve("config.json")).path("architectures").path(0).asString())
        .isEqualTo(language.architecture());
    assertThat(distance(model, (CausalTransformer) Weights.load(out, Context.cpu(9)))).isZero();
  }

  @Test
  void whatNoArchitectureIsGoesIntoAFile() {
    CausalTransformer.Spec odd =
        (CausalTransformer.Spec)
            Config.fromJson(
                "{\"kind\": \"causal-transformer\", \"channelMixer\": {\"kind\": \"gr-kan\"}}",
                Model.Spec.class,
                "test");
    assertThatThrownBy(() -> Weights.checkExport(folder.resolve("out"), odd))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("no architecture of transformers is such a language model");
  }

  /** As the oldest GPT-2 files are: no prefix, constants among the weights. */
  @Test
  void namesMayLackTheirPrefix() throws IOException {
    CausalTransformer written = write(HubLanguage.GPT2, name -> name.replace("transformer.", ""));
    assertThat(distance(written, (CausalTransformer) Weights.load(folder, Context.cpu(9))))
        .isZero();
  }

  @Test
  void roundedFilesAreRead() throws IOException {
    CausalTransformer written = write(HubLanguage.LLAMA, name -> name);
    Map<String, Tensor> rounded = new LinkedHashMap<>();
    try (Safetensors file = Safetensors.open(folder.resolve("model.safetensors"))) {
      file.names().forEach(name -> rounded.put(name, file.read(name).to(ScalarType.BFloat16)));
    }
    rounded.put(
        "model.layers.0.self_attn.rotary_emb.inv_freq", Memory.doubles(new double[] {1}, 1));
    save(rounded, LLAMA);
    assertThat(distance(written, (CausalTransformer) Weights.load(folder, Context.cpu(9))))
        .isPositive()
        .isLessThan(0.01);
  }

  @Test
  void whatIsMissingOrTooMuchIsNamed() throws IOException {
    CausalTransformer _ = write(HubLanguage.LLAMA, name -> name.replace("o_proj", "out_proj"));
    assertRefused("tensors, blocks.0.attn.proj.weight first, are missing");
  }

  /** As large models are published: several files and an index. */
  @ParameterizedTest
  @EnumSource(HubLanguage.class)
  void aFolderMayHaveItsWeightsInSeveralFiles(HubLanguage architecture) throws IOException {
    CausalTransformer written = write(architecture, name -> name);
    ShardedFolder.split(folder);
    assertThat(folder.resolve("model.safetensors")).doesNotExist();
    try (TensorFile tensors = WeightsFile.openTensors(folder, "")) { // as --init takes them
      Transfer transfer = Transfer.into(written.spec().build(Context.cpu(1)), tensors);
      assertThat(transfer.fresh()).isEmpty();
    }
    assertThat(distance(written, (CausalTransformer) Weights.load(folder, Context.cpu(9))))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "silu"                        | "mish"                       | hidden_act = mish: gelu
          "LlamaForCausalLM"            | "LlamaForCausalLm"           | did you mean 'LlamaForCausalLM'
          "LlamaForCausalLM"            | "MambaForCausalLM"           | known are LlamaForCausalLM, Qwen3ForCausalLM, GPT2LMHeadModel, ViT
          "vocab_size": 23              | "vocab_size": "many"         | vocab_size: a whole number of 1 or more is expected
          "vocab_size": 23              | "vocab_size": 24             | [24, 16]
          "num_key_value_heads": 2      | "num_key_value_heads": 3     | keyValueHeads = 3
          "rope_type": "llama3"         | "rope_type": "yarn"          | rope_type = yarn: default, linear and llama3
          "num_attention_heads": 4      | "num_attention_heads": 0     | num_attention_heads: a whole number
          "intermediate_size": 22       | "intermediate_size": -1      | intermediate_size: a whole number
          "num_hidden_layers": 2        | "num_hidden_layers": 900     | more tensors than these weights
          "rms_norm_eps": 1e-5          | "mlp_bias": true             | mlp_bias = true: false is what kat4j builds
          "rms_norm_eps": 1e-5          | "head_dim": 2000000000       | headWidth = 2000000000
          """)
  void aConfigThatDoesNotFitIsRefusedInOneLine(String from, String to, String message)
      throws IOException {
    CausalTransformer _ = write(HubLanguage.LLAMA, name -> name);
    Files.writeString(folder.resolve("config.json"), LLAMA.replace(from, to));
    assertRefused(message);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> Weights.load(folder, Context.cpu(0)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
