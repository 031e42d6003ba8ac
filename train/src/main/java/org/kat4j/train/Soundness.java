package org.kat4j.train;

import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.model.TokenModel;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/** Whether a model is worth keeping: dead weights must not take the place of good ones. */
final class Soundness {
  private static final double RANGE = 2; // of normalised inputs
  private static final int TOKENS = 8;

  private Soundness() {}

  /**
   * Whether all of its numbers are finite, and its answer to two simple samples is too, where its
   * kind has such.
   */
  static boolean of(Model model) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      SequencedMap<String, Tensor> weights = StateDict.of(model);
      if (StateDict.notFinite(weights).isPresent()) {
        return false;
      }
      return answer(model, weights.lastEntry().getValue()).map(Memory::isFinite).orElse(true);
    }
  }

  private static Optional<Tensor> answer(Model model, Tensor weight) {
    Pass pass = Pass.evaluation();
    return switch (model) {
      case ImageModel images -> {
        Signature.Images input = images.spec().signature();
        Tensor ramps = ramps(weight, input.channels(), input.height(), input.width());
        yield Optional.of(images.forward(ramps, pass));
      }
      case RowModel rows ->
          Optional.of(rows.forward(ramps(weight, rows.spec().signature().features()), pass));
      case TokenModel tokens -> {
        Signature.Tokens input = tokens.spec().signature();
        long[] ids =
            LongStream.range(0, Math.min(TOKENS, input.longest()))
                .map(i -> i % input.vocabulary())
                .toArray();
        Tensor sequence = Memory.to(Tensor.create(ids, 1, ids.length), Device.of(weight));
        yield Optional.of(tokens.forward(sequence, pass));
      }
      default -> Optional.empty();
    };
  }

  /** Two samples of numbers that rise, on the device and in the dtype of a weight. */
  private static Tensor ramps(Tensor weight, long... shape) {
    int length = Math.toIntExact(LongStream.of(shape).reduce(1, Math::multiplyExact));
    return Memory.batch(weight, List.of(ramp(length, -RANGE, 0), ramp(length, 0, RANGE)), shape);
  }

  private static float[] ramp(int length, double from, double to) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (from + (to - from) * i / length);
    }
    return values;
  }
}
