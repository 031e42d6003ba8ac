package org.kat4j.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * Parameters that share their weight decay.
 *
 * @param parameters trainable tensors by state-dict name
 * @param weightDecay the decay
 */
public record ParameterGroup(SequencedMap<String, Tensor> parameters, double weightDecay) {

  /** All parameters in one group. */
  public static List<ParameterGroup> single(
      SequencedMap<String, Tensor> parameters, double weightDecay) {
    return List.of(new ParameterGroup(parameters, weightDecay));
  }

  /**
   * timm's two groups, the one without decay first: vectors, biases and the named exceptions do not
   * decay. Rational coefficients are matrices, so they do.
   */
  public static List<ParameterGroup> split(
      Map<String, Tensor> parameters, double weightDecay, Set<String> exceptions) {
    SequencedMap<String, Tensor> kept = new LinkedHashMap<>();
    SequencedMap<String, Tensor> decayed = new LinkedHashMap<>();
    parameters.forEach((name, tensor) -> {
      boolean keep = tensor.dim() <= 1 || name.endsWith(".bias") || exceptions.contains(name);
      (keep ? kept : decayed).put(name, tensor);
    });
    return List.of(new ParameterGroup(kept, 0), new ParameterGroup(decayed, weightDecay));
  }
}
