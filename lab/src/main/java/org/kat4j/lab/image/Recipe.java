package org.kat4j.lab.image;

import java.util.Map;
import org.kat4j.config.Records;
import org.kat4j.lab.Training;
import org.kat4j.optim.AdamW;
import org.kat4j.task.image.ImageClassification;
import org.kat4j.train.Schedule;
import org.kat4j.train.TrainConfig;

/** How claims about vision transformers train them. */
public final class Recipe {
  private Recipe() {}

  /**
   * AdamW with decay 0.05, a warm-up of one epoch, a cosine to 1e-5, gradients cut to norm 1. A
   * trial that is stopped goes on from its checkpoint.
   */
  public static Training transformers(ImageClassification.Spec task, int epochs, int batch) {
    return new Training(
        Records.with(
            TrainConfig.example(),
            Map.of(
                "task",
                task,
                "optimizer",
                new AdamW.Spec(1e-3, 0.05, 0.9, 0.999, 1e-8),
                "schedule",
                new Schedule(epochs, Math.min(1, epochs / 4.0), 1e-6, 1e-5, true),
                "batchSize",
                batch)),
        true);
  }
}
