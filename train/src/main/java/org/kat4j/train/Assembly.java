package org.kat4j.train;

import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.task.Task;
import org.kat4j.torch.Context;
import org.kat4j.torch.OutOfMemory;

/** The parts of a run that are made from its configuration. */
final class Assembly {
  private Assembly() {}

  /** What to do where memory is short. */
  static String memoryAdvice(Task<?> task) {
    return "lower batchSize (raise accumulation instead), %s or the model's width and depth"
        .formatted(task.sizeKey());
  }

  /** Some fields go together badly, which shows only when the parts are built. */
  static Model model(Model.Spec spec, Context context, Task<?> task) {
    try {
      return spec.build(context);
    } catch (IllegalArgumentException unfit) {
      throw new UserException("model: " + unfit.getMessage(), unfit);
    } catch (RuntimeException failure) {
      throw OutOfMemory.explained(failure, memoryAdvice(task));
    }
  }
}
