package org.kat4j.train;

import java.util.List;
import org.kat4j.config.Kinds;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.task.language.Language;

/** The tasks that come with the training loop. */
public final class CommonTasks implements Kinds {
  @Override
  public List<Class<? extends Record>> records() {
    return List.of(ImageClassification.Spec.class, Language.Spec.class);
  }
}
