package org.kat4j.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kat4j.model.Model;
import org.kat4j.task.Task;
import org.kat4j.torch.Memory;
import org.kat4j.torch.StateDict;

/**
 * What a run tells TensorBoard, in {@code events/} of its folder: scalars while it trains and after
 * each epoch, histograms of the parameters after each epoch, some training images at the start.
 *
 * <p>The file is made at the first event. A run does not end because its events cannot be written:
 * there is one warning, and no more events.
 */
final class RunEvents implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RunEvents.class.getName());

  private final Path folder;
  private @Nullable EventFile file;
  private boolean failed;

  RunEvents(Path folder) {
    this.folder = folder;
  }

  /** Something that writes events. */
  private interface Events {
    void writeTo(EventFile file) throws IOException;
  }

  private void write(Events events) {
    if (failed) {
      return;
    }
    try {
      if (file == null) {
        file = new EventFile(folder);
      }
      events.writeTo(file);
    } catch (IOException | UncheckedIOException broken) {
      failed = true;
      LOG.log(System.Logger.Level.WARNING, "no more TensorBoard events: " + broken.getMessage());
    }
  }

  /** Some training samples. */
  void pictures(Task<?> task) {
    write(events -> {
      for (var picture : task.pictures().entrySet()) {
        events.image("images/" + picture.getKey(), 0, picture.getValue());
      }
    });
  }

  /** Where training stands inside an epoch. */
  void progress(
      long update, double trainLoss, double learningRate, double samplesPerSecond, String unit) {
    write(events -> {
      events.scalar("train/loss", update, trainLoss);
      events.scalar("train/learning_rate", update, learningRate);
      events.scalar("train/" + unit + "_per_second", update, samplesPerSecond);
    });
  }

  /** A finished epoch, and the weights after it. */
  void epoch(Monitor.EpochResult result, Model model) {
    write(events -> {
      long update = result.updates();
      events.scalar("epoch/train_loss", update, result.trainLoss());
      for (var score : result.scores().byName().entrySet()) {
        String name = score.getKey().equals("loss") ? "validation_loss" : score.getKey();
        events.scalar("epoch/" + name, update, score.getValue());
      }
      events.scalar("epoch/number", update, result.epoch());
      for (var parameter : StateDict.trained(model).entrySet()) {
        events.histogram(
            "parameters/" + parameter.getKey(), update, Memory.doubles(parameter.getValue()));
      }
    });
  }

  @Override
  public void close() {
    try {
      if (file != null) {
        file.close();
        file = null;
      }
    } catch (IOException broken) {
      LOG.log(System.Logger.Level.WARNING, "TensorBoard events: " + broken.getMessage());
    }
  }
}
