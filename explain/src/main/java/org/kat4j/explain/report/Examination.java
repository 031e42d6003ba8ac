package org.kat4j.explain.report;

import org.kat4j.data.ImageSet;
import org.kat4j.error.UserException;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Weights;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;

/**
 * A run's last weights at work on the second split of its data: what everything but the curves
 * follows from.
 *
 * @param run which one
 * @param model with its last weights, on the run's device, or on the CPU where that is not here
 * @param images the second split
 * @param answers to each of its images
 */
record Examination(Run run, ImageModel model, ImageSet images, Answers answers)
    implements AutoCloseable {

  /**
   * Loads and measures.
   *
   * @throws UserException when there are no weights yet, or the data are not there or do not fit
   */
  static Examination of(Run run, Report.Source source) {
    if (!(source.open(run.config()) instanceof ImageClassification task)) {
      throw new UserException(
          "what the model answers is shown for images only: kat4j eval --run %s measures it"
              .formatted(run.folder().path()));
    }
    ImageSet images = task.judgedBy();
    Context context = Context.cpu(0).withDevice(device(run));
    ImageModel model = ImageModel.of(Weights.load(run.folder().weights(), context));
    try {
      if (!model.spec().signature().equals(task.signature())) {
        throw new UserException(
            "%s: the images of %s do not fit the model any more"
                .formatted(run.folder().path(), task.spec().data().name()));
      }
      return new Examination(run, model, images, Answers.of(model, images));
    } catch (RuntimeException failed) {
      model.close();
      throw failed;
    }
  }

  private static Device device(Run run) {
    try {
      return Device.parse(run.config().device());
    } catch (UserException absent) { // trained on another machine
      return Device.CPU;
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
