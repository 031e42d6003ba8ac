package org.kat4j.explain.report;

import org.kat4j.data.ImageSet;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.model.Weights;
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
record Examination(Run run, Model model, ImageSet images, Answers answers) {

  /**
   * Loads and measures.
   *
   * @throws UserException when there are no weights yet, or the data are not there or do not fit
   */
  static Examination of(Run run, Report.Source source) {
    Model model = Weights.load(run.folder().weights(), Context.cpu(0).withDevice(device(run)));
    ImageSet images = source.open(run.config().data()).validation();
    Model.Spec spec = model.spec();
    if (images.channels() != spec.channels()
        || images.height() != spec.imageSize()
        || images.width() != spec.imageSize()
        || images.classNames().size() != spec.classes()) {
      throw new UserException(
          run.folder().path()
              + ": the images of "
              + run.config().data().name()
              + " do not fit the model any more");
    }
    return new Examination(run, model, images, Answers.of(model, images));
  }

  private static Device device(Run run) {
    try {
      return Device.parse(run.config().device());
    } catch (UserException absent) { // trained on another machine
      return Device.CPU;
    }
  }
}
