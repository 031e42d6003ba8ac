package org.kat4j.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;

/**
 * A part of ours and what it makes of the recorded input.
 *
 * @param part whose tensors are loaded
 * @param function from input to output
 */
record KanSubject(Part part, BiFunction<Tensor, Pass, Tensor> function) {
  static KanSubject of(KanLayer layer) {
    return new KanSubject(layer, layer::forward);
  }

  static KanSubject of(KanStack stack) {
    return new KanSubject(stack, stack::forward);
  }

  /** Layers of a list of widths under one name. */
  static KanSubject stack(String name, int[] widths, Context context, KanLayer.Spec... specs) {
    List<KanLayer> layers = new ArrayList<>();
    for (int l = 1; l < widths.length; l++) {
      KanLayer.Spec spec = specs[Math.min(l - 1, specs.length - 1)];
      layers.add(spec.build(widths[l - 1], widths[l], context));
    }
    return of(new KanStack(name, layers));
  }
}
