package org.kat4j.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.model.Transfer;
import org.kat4j.model.WeightsFile;
import org.kat4j.optim.ParameterGroup;
import org.kat4j.torch.TensorFile;

/**
 * What distinguishes fine-tuning from training: weights to start from, and parameters that stay or
 * move at another rate. Patterns are regular expressions on whole state-dict names.
 *
 * @param init weights to start from, a file or hub folder; "" for fresh ones
 * @param take which dictionary of a PyTorch checkpoint; "" for the usual one
 * @param freeze pattern of parameters that stay as they are; "" for none
 * @param lrScale factors of the learning rate, {@code PATTERN=FACTOR} with blanks between; the
 *     first that matches a name counts
 */
public record FineTuning(String init, String take, String freeze, String lrScale) {
  public static final FineTuning NONE = new FineTuning("", "", "", "");

  /** One factor of the learning rate. */
  private record Scale(Pattern names, double factor) {}

  public FineTuning {
    compiled(freeze);
    scales(lrScale);
  }

  private static Pattern compiled(String pattern) {
    try {
      return Pattern.compile(pattern);
    } catch (PatternSyntaxException wrong) {
      throw new IllegalArgumentException(
          "pattern '%s' is no regular expression: %s".formatted(pattern, wrong.getDescription()),
          wrong);
    }
  }

  private static List<Scale> scales(String text) {
    List<Scale> scales = new ArrayList<>();
    for (String part : text.isBlank() ? new String[0] : text.strip().split("\\s+", -1)) {
      int equals = part.lastIndexOf('=');
      double factor = equals < 1 ? Double.NaN : number(part.substring(equals + 1));
      if (!(factor > 0) || Double.isInfinite(factor)) {
        throw new IllegalArgumentException(
            "lrScale = "
                + part
                + ": PATTERN=FACTOR with a factor above 0 is expected, for example 'head.*=10'");
      }
      scales.add(new Scale(compiled(part.substring(0, equals)), factor));
    }
    return scales;
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException none) {
      return Double.NaN;
    }
  }

  /** The parameters that train; the others are told to need no gradient. */
  SequencedMap<String, Tensor> trainable(SequencedMap<String, Tensor> parameters) {
    SequencedMap<String, Tensor> trainable = new LinkedHashMap<>(parameters);
    if (freeze.isEmpty()) {
      return trainable;
    }
    Pattern frozen = compiled(freeze);
    trainable.keySet().removeIf(name -> frozen.matcher(name).matches());
    if (trainable.size() == parameters.size()) {
      throw matchesNothing("freeze", freeze, parameters);
    }
    if (trainable.isEmpty()) {
      throw new UserException("fineTuning.freeze = " + freeze + ": nothing is left to train");
    }
    parameters.forEach((name, tensor) -> {
      if (!trainable.containsKey(name)) {
        tensor.set_requires_grad(false);
      }
    });
    return trainable;
  }

  /** The groups split by the factors of the learning rate. */
  List<ParameterGroup> scaled(List<ParameterGroup> groups, SequencedMap<String, Tensor> trainable) {
    List<Scale> scales = scales(lrScale);
    if (scales.isEmpty()) {
      return groups;
    }
    for (Scale scale : scales) {
      if (trainable.keySet().stream().noneMatch(name -> scale.names.matcher(name).matches())) {
        throw matchesNothing("lrScale", scale.names.pattern(), trainable);
      }
    }
    return ParameterGroup.scaled(
        groups,
        name ->
            scales.stream()
                .filter(scale -> scale.names.matcher(name).matches())
                .mapToDouble(Scale::factor)
                .findFirst()
                .orElse(1));
  }

  private static UserException matchesNothing(
      String field, String pattern, SequencedMap<String, Tensor> parameters) {
    return new UserException(
        "fineTuning.%s = %s: no parameter has such a name; there are for example %s"
            .formatted(
                field,
                pattern,
                String.join(", ", parameters.keySet().stream().skip(4).limit(3).toList())));
  }

  /** Takes over the weights to start from. */
  Transfer initialise(Model model) {
    try (TensorFile tensors = WeightsFile.openTensors(Path.of(init), take)) {
      return Transfer.into(model, tensors);
    }
  }
}
