package org.kat4j.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.ImageSet;
import org.kat4j.data.SkippedImage;
import org.kat4j.model.Model;
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
  private static final int IMAGES = 10;

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

  /** The first image of each of the first classes. */
  void images(ImageSet images) {
    write(events -> {
      Set<Integer> shown = new HashSet<>();
      int most = Math.min(IMAGES, images.classNames().size());
      for (int i = 0; i < images.size() && shown.size() < most; i++) {
        if (!shown.contains(images.label(i))) {
          try {
            events.image(
                "images/" + images.classNames().get(images.label(i)), 0, images.picture(i));
            shown.add(images.label(i));
          } catch (SkippedImage broken) {
            // the next of its class
          }
        }
      }
    });
  }

  /** Where training stands inside an epoch. */
  void progress(long update, double trainLoss, double learningRate, double imagesPerSecond) {
    write(events -> {
      events.scalar("train/loss", update, trainLoss);
      events.scalar("train/learning_rate", update, learningRate);
      events.scalar("train/images_per_second", update, imagesPerSecond);
    });
  }

  /** A finished epoch, and the weights after it. */
  void epoch(Monitor.EpochResult result, Model model) {
    write(events -> {
      long update = result.updates();
      events.scalar("epoch/train_loss", update, result.trainLoss());
      events.scalar("epoch/validation_loss", update, result.evaluation().loss());
      events.scalar("epoch/top1", update, result.evaluation().top1());
      events.scalar("epoch/top5", update, result.evaluation().top5());
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
