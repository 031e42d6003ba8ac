package org.kat4j.parity;

import java.util.Optional;
import org.kat4j.model.ImageModel;
import org.kat4j.model.MetaFormer;
import org.kat4j.model.MetaFormerNames;
import org.kat4j.model.MetaFormerPublished;
import org.kat4j.torch.Context;

/** Whole published MetaFormers whose weights follow from their names. */
public final class FormulaParity implements ParityAdapter {
  @Override
  public boolean covers(Golden golden) {
    return FormulaRecording.isOne(golden)
        && MetaFormerPublished.named(golden.text("cls")).isPresent();
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    FormulaRecording recording = FormulaRecording.of(golden);
    MetaFormerNames names =
        MetaFormerNames.among(recording.state()::containsKey)
            .orElseThrow(() -> new IllegalArgumentException("names of no known MetaFormer"));
    MetaFormer.Spec spec =
        MetaFormerPublished.named(golden.text("cls"))
            .orElseThrow()
            .spec(names, name -> Optional.ofNullable(recording.state().get(name)));
    int side = Math.toIntExact(recording.input()[2]);
    Context context = Context.cpu(0).withDType(comparison.dtype());
    try (ImageModel model = spec.withInput(side, spec.channels(), spec.classes()).build(context)) {
      recording.compare(model, names::of, comparison);
    }
  }
}
