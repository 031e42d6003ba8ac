package org.kat4j.parity;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Config;
import org.kat4j.model.HubImage;
import org.kat4j.model.Model;
import org.kat4j.model.VisionTransformer;
import org.kat4j.model.WeightsFile;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Place;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.TensorFile;

/**
 * Classifiers of images of transformers from their folders: logits, the loss where there is one,
 * and all gradients. Names of gradients are those of the library's version, names in the folder
 * those of its files.
 */
public final class HubImageParity implements ParityAdapter {
  private static final double FLOAT64 = 1e-5;
  private static final double FLOAT32 = 1e-4;

  @Override
  public boolean covers(Golden golden) {
    return golden.config().has("folder") && of(golden.text("cls")).isPresent();
  }

  private static Optional<HubImage> of(String cls) {
    return Stream.of(HubImage.values()).filter(one -> one.architecture().equals(cls)).findFirst();
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    HubImage architecture = of(golden.text("cls")).orElseThrow();
    double tolerance = comparison.tolerance(FLOAT64, FLOAT32);
    Tensor x = Backpropagation.leaf(golden.read("input.x"), comparison.dtype());
    Path folder = golden.folder("folder");
    VisionTransformer.Spec spec =
        architecture.fitted(
            architecture.spec(Config.readTree(folder.resolve("config.json"))),
            OptionalInt.of((int) x.size(2)));
    try (TensorFile file = architecture.tensors(WeightsFile.openStored(folder, ""), spec);
        VisionTransformer model = spec.build(Context.cpu(0).withDType(comparison.dtype()))) {
      StateDict.of(model).forEach((name, tensor) -> Backpropagation.set(tensor, file.read(name)));
      Tensor logits = model.forward(x, Pass.evaluation());
      String output = golden.has("output") ? "output" : "output.logits";
      comparison.compare(output, logits, golden.read(output), tolerance);
      if (golden.has("output.loss")) {
        String target = golden.has("target") ? "target" : "input.target";
        Tensor loss = Losses.crossEntropy(logits, golden.readIntegers(target), 0);
        comparison.compare(
            "output.loss", loss.view(1), golden.read("output.loss").view(1), tolerance);
        if (!golden.has("weight.out")) {
          Backpropagation.run(loss);
        }
      }
      if (golden.has("weight.out")) {
        Backpropagation.run(logits, golden.read("weight.out"));
      }
      gradients(golden, architecture, model, comparison, tolerance);
      if (golden.has("grad.input.x")) {
        comparison.compare("grad.input.x", x.grad(), golden.read("grad.input.x"), tolerance);
      }
    }
  }

  private static void gradients(
      Golden golden, HubImage architecture, Model model, Comparison comparison, double tolerance) {
    Map<String, Tensor> ours = new LinkedHashMap<>();
    StateDict.of(model).forEach((name, tensor) -> ours.put(name, tensor.grad()));
    Map<String, Tensor> theirs = new LinkedHashMap<>();
    Place.stored(architecture.places(model.spec()), ours)
        .forEach((name, gradient) -> theirs.put(architecture.canonical(name), gradient));
    SequencedMap<String, Tensor> recorded = golden.under("grad.");
    recorded.remove("input.x");
    recorded.keySet().removeIf(name -> architecture.isLeftOut(name, model.spec()));
    recorded.forEach((name, gradient) -> {
      Tensor actual = theirs.remove(architecture.canonical(name));
      if (actual == null) {
        comparison.same("grad." + name, "not in the model", "a gradient");
      } else {
        comparison.compare("grad." + name, actual, gradient, tolerance);
      }
    });
    comparison.same("gradients without a recording", theirs.keySet().toString(), "[]");
  }
}
