package org.kat4j.train;

import org.kat4j.data.ImageSet;
import org.kat4j.data.Loading;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.torch.Context;
import org.kat4j.torch.OutOfMemory;

/** The parts of a run that are made from its configuration. */
final class Assembly {
  static final String MEMORY_ADVICE =
      "lower batchSize (raise accumulation instead), data.imageSize or the model's width and depth";

  private Assembly() {}

  /** How the training images become batches. */
  static Loading loading(TrainConfig config, ImageSet train) {
    Loading all =
        new Loading(
            config.batchSize(),
            true,
            /* dropLast= */ false,
            config.augmentation(),
            config.mixing(),
            config.seed(),
            config.loaderThreads() > 0 ? config.loaderThreads() : Loading.defaultWorkers(train));
    boolean hasFullBatch = all.images(train.size()) >= config.batchSize();
    return config.dropLast() && hasFullBatch ? all.droppingLast() : all;
  }

  /** Some fields go together badly, which shows only when the parts are built. */
  static Model model(Model.Spec spec, Context context) {
    try {
      return spec.build(context);
    } catch (IllegalArgumentException unfit) {
      throw new UserException("model: " + unfit.getMessage(), unfit);
    } catch (RuntimeException failure) {
      throw OutOfMemory.explained(failure, MEMORY_ADVICE);
    }
  }
}
