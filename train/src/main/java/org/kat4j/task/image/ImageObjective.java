package org.kat4j.task.image;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.ImageBatch;
import org.kat4j.model.ImageModel;
import org.kat4j.task.Meter;
import org.kat4j.task.Objective;
import org.kat4j.torch.Pass;

/**
 * The right class of every image.
 *
 * @param model what classifies
 * @param loss of its logits
 * @param smoothing share of the target that is spread over all classes
 */
record ImageObjective(ImageModel model, Loss loss, double smoothing)
    implements Objective<ImageBatch> {
  @Override
  public Tensor loss(ImageBatch batch, Pass pass) {
    Tensor logits = model.forward(batch.pixels(), pass); // [batch, classes]
    return loss.of(logits, batch, smoothing);
  }

  @Override
  public Meter<ImageBatch> meter() {
    return new ImageMeter(model);
  }
}
