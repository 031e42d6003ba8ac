package org.kat4j.explain.report;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.ImageSet;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Model;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;
import org.kat4j.torch.Tap;

/**
 * Some images of a set.
 *
 * @param images the set
 * @param inputs those that are looked at
 */
record ImageProbe(ImageSet images, List<Inputs> inputs) implements Probe {
  @Override
  public void pass(Model model, Tap tap) {
    Tensor any = StateDict.of(model).firstEntry().getValue();
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      ImageModel.of(model).forward(Inputs.batch(inputs, images, any), Pass.evaluation(tap));
    }
  }

  @Override
  public String samples() {
    return inputs.size() + " images";
  }
}
