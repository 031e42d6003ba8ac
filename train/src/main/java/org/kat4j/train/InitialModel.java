package org.kat4j.train;

import org.kat4j.model.Model;
import org.kat4j.torch.Context;

/** The model that a run began with. */
public final class InitialModel {
  private InitialModel() {}

  /**
   * Builds it again on the CPU: from the run's seed, and where the run began with given weights,
   * from these.
   *
   * @throws org.kat4j.error.UserException when the weights to start from are not there any more
   */
  public static Model rebuild(TrainConfig config) {
    Model model = config.model().build(Context.cpu(config.seed()));
    if (!config.fineTuning().init().isEmpty()) {
      config.fineTuning().initialise(model);
    }
    return model;
  }
}
