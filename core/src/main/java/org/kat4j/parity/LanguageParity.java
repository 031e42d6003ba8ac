package org.kat4j.parity;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.HubLanguage;
import org.kat4j.model.generate.Generator;
import org.kat4j.model.generate.Request;
import org.kat4j.model.generate.Sampling;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Place;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;

/**
 * Language models of transformers from their folders: logits, loss, all gradients, and the greedy
 * continuation of the first tokens.
 */
public final class LanguageParity implements ParityAdapter {
  /** The library computes tables, norms and some softmaxes in float32 whatever the dtype. */
  private static final double FLOAT64 = 1e-5;

  private static final double FLOAT32 = 1e-4;
  private static final int PROMPT = 5;

  @Override
  public boolean covers(Golden golden) {
    return golden.config().has("folder") && of(golden.text("cls")).size() == 1;
  }

  private static List<HubLanguage> of(String cls) {
    return Arrays.stream(HubLanguage.values())
        .filter(language -> language.architecture().equals(cls))
        .toList();
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    HubLanguage language = of(golden.text("cls")).getFirst();
    var folder = golden.folder("folder");
    CausalTransformer.Spec spec = language.spec(Config.readTree(folder.resolve("config.json")));
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    try (CausalTransformer model = spec.build(Context.cpu(0).withDType(comparison.dtype()));
        TensorFile file = TensorFile.open(folder.resolve("model.safetensors"))) {
      SequencedMap<String, Tensor> ours = StateDict.of(model);
      SequencedMap<String, Place> stored = language.places(spec);
      ours.forEach((name, tensor) ->
          Backpropagation.set(tensor, Objects.requireNonNull(stored.get(name)).read(file)));
      Tensor ids = golden.readIntegers("input.ids"); // [batch, tokens]
      comparison.compare(
          "output.logits",
          model.forward(ids, Pass.evaluation()),
          golden.read("output.logits"),
          tolerance);
      long count = ids.size(1) - 1;
      Tensor loss = model.loss(ids.narrow(1, 0, count), ids.narrow(1, 1, count), Pass.evaluation());
      Backpropagation.run(loss);
      comparison.compare("output.loss", loss.view(1), golden.read("output.loss"), tolerance);
      Map<String, Tensor> gradients = new LinkedHashMap<>();
      ours.forEach((name, tensor) -> gradients.put(name, tensor.grad()));
      Place.stored(stored, gradients)
          .forEach((name, gradient) ->
              comparison.compare("grad." + name, gradient, golden.read("grad." + name), tolerance));
      comparison.same("tensors", (long) stored.size(), (long) golden.under("grad.").size());
      greedy(golden, model, ids, comparison);
    }
  }

  private static void greedy(
      Golden golden, CausalTransformer model, Tensor ids, Comparison comparison) {
    int[] recorded =
        Arrays.stream(Memory.longs(golden.readIntegers("extra.greedy")))
            .mapToInt(t -> (int) t)
            .toArray();
    int[] prompt = Arrays.copyOf(recorded, PROMPT);
    comparison.same(
        "prompt",
        Arrays.toString(prompt),
        Arrays.toString(Memory.longs(ids.narrow(0, 0, 1).narrow(1, 0, PROMPT))));
    int[] written =
        new Generator(model, Device.CPU)
            .write(Request.of(prompt, recorded.length - PROMPT, Sampling.greedy(), 0));
    comparison.same(
        "extra.greedy",
        Arrays.toString(written),
        Arrays.toString(Arrays.copyOfRange(recorded, PROMPT, recorded.length)));
  }
}
