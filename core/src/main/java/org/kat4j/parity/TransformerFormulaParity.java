package org.kat4j.parity;

import java.util.Optional;
import org.kat4j.model.ImageModel;
import org.kat4j.model.TimmTensors;
import org.kat4j.model.VisionTransformer;
import org.kat4j.torch.Context;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** timm's vision transformers at full size, with weights that follow from their names. */
public final class TransformerFormulaParity implements ParityAdapter {
  @Override
  public boolean covers(Golden golden) {
    return FormulaRecording.isOne(golden) && TimmTensors.isName(golden.text("cls"));
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    FormulaRecording recording = FormulaRecording.of(golden);
    ObjectNode arguments =
        golden.config().path("args") instanceof ObjectNode given
            ? given
            : JsonNodeFactory.instance.objectNode();
    VisionTransformer.Spec spec =
        TimmTensors.named(
                golden.text("cls"),
                arguments,
                name -> Optional.ofNullable(recording.state().get(name)))
            .orElseThrow();
    Context context = Context.cpu(0).withDType(comparison.dtype()).forOverwriting();
    try (ImageModel model = spec.build(context)) {
      recording.compare(model, name -> name, comparison);
    }
  }
}
