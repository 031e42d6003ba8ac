package org.kat4j.parity;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import tools.jackson.databind.JsonNode;

/** timm's targets of mixed images, and the losses on soft targets and with label smoothing. */
public final class SoftTargetsParity implements ParityAdapter {
  private static final String NUMBER = "([0-9.]+(?:[eE][-+]?[0-9]+)?)";
  private static final Pattern SHARE = Pattern.compile("lam=" + NUMBER);
  private static final Pattern MIXED_SMOOTHING =
      Pattern.compile("mixup_target\\(.*?smoothing=" + NUMBER);
  private static final Pattern SMOOTHING =
      Pattern.compile("LabelSmoothingCrossEntropy\\((?:smoothing=)?" + NUMBER);

  @Override
  public boolean covers(Golden golden) {
    return golden.config().path("functions").toString().contains("mixup_target");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    double share = number(golden, SHARE, "lam");
    double mixedSmoothing = number(golden, MIXED_SMOOTHING, "smoothing");
    Tensor labels = golden.readIntegers("input.labels");
    Tensor given = golden.read("input.logits");
    Tensor shares = given.select(1, 0).mul(new Scalar(0));
    Tensor targets =
        Losses.softTargets(
            labels,
            labels.flip(0),
            Memory.to(shares.add(new Scalar(share)), comparison.dtype()),
            given.size(1),
            mixedSmoothing);
    double tolerance = comparison.tolerance(1e-11, 1e-5);
    comparison.compare(
        "output.mixup_target", targets, golden.read("output.mixup_target"), tolerance);

    Tensor soft = Backpropagation.leaf(given, comparison.dtype());
    compare(golden, comparison, "soft_ce", Losses.softCrossEntropy(soft, targets), soft);

    Tensor smoothed = Backpropagation.leaf(given, comparison.dtype());
    Tensor loss =
        Losses.crossEntropy(smoothed, labels, number(golden, SMOOTHING, "label_smoothing"));
    compare(golden, comparison, "ls_ce", loss, smoothed);
  }

  private static void compare(
      Golden golden, Comparison comparison, String name, Tensor loss, Tensor logits) {
    double tolerance = comparison.tolerance(1e-11, 1e-5);
    comparison.compare("output." + name, loss, golden.read("output." + name), tolerance);
    Backpropagation.run(loss);
    String gradient = "grad.input.logits_" + name;
    comparison.compare(gradient, logits.grad(), golden.read(gradient), tolerance);
  }

  /** An argument from the text of the recorded calls, or from a key of its own. */
  private static double number(Golden golden, Pattern pattern, String key) {
    JsonNode own = golden.config().path(key);
    if (own.isNumber()) {
      return own.asDouble();
    }
    for (JsonNode function : golden.config().path("functions")) {
      Matcher matcher = pattern.matcher(function.asString(""));
      if (matcher.find()) {
        return Double.parseDouble(matcher.group(1));
      }
    }
    throw new IllegalArgumentException(golden.name() + ": no " + key + " in its configuration");
  }
}
