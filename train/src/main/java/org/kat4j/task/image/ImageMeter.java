package org.kat4j.task.image;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.ImageBatch;
import org.kat4j.error.UserException;
import org.kat4j.model.ImageModel;
import org.kat4j.task.Measure;
import org.kat4j.task.Meter;
import org.kat4j.task.Scores;
import org.kat4j.torch.DType;
import org.kat4j.torch.Device;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Counts which classes a model takes images for; the detail of its scores is an {@link Evaluation}.
 */
public final class ImageMeter implements Meter<ImageBatch> {
  /** Mean cross entropy, without label smoothing, in nats. */
  public static final Measure LOSS = new Measure("loss", "nats", false, false);

  /** Share of images whose most probable class is right. */
  public static final Measure TOP1 = new Measure("top1", "%", true, false);

  /** Share of images whose class is among the five most probable. */
  public static final Measure TOP5 = new Measure("top5", "%", true, false);

  private final ImageModel model;
  private final DType dtype;
  private final int classes;
  private final Tensor loss; // float64 scalar
  private final Tensor inTop5; // int64 scalar
  private final Tensor confusion; // int64 [classes * classes], row after row of a true class

  public ImageMeter(ImageModel model) {
    this.model = model;
    Tensor any = StateDict.of(model).firstEntry().getValue();
    Device device = Device.of(any);
    dtype = DType.of(any);
    classes = model.spec().signature().outputs();
    loss = Losses.zeroSum(device);
    inTop5 = Losses.zeroCounts(device, 1);
    confusion = Losses.zeroCounts(device, classes * classes);
  }

  @Override
  public void add(ImageBatch batch) {
    Tensor labels = batch.labels();
    Tensor logits = model.forward(Memory.to(batch.pixels(), dtype), Pass.evaluation());
    Losses.addTo(loss, Losses.summedCrossEntropy(logits, labels));
    inTop5.add_(Losses.countInTop(logits, labels, 5));
    Losses.countPairs(confusion, labels, Losses.mostProbable(logits), classes);
  }

  @Override
  public Scores read() {
    long[] counts = Memory.longs(confusion);
    long[][] byClass = new long[classes][classes];
    long right = 0;
    long all = 0; // broken files are left out
    for (int i = 0; i < counts.length; i++) {
      byClass[i / classes][i % classes] = counts[i];
      right += i / classes == i % classes ? counts[i] : 0;
      all += counts[i];
    }
    if (all == 0) {
      throw new UserException("none of the images to evaluate on can be read");
    }
    double percent = 100.0 / all;
    var evaluation =
        new Evaluation(
            right * percent,
            Memory.longs(inTop5)[0] * percent,
            Memory.doubles(loss)[0] / all,
            byClass);
    Scope.free(List.of(loss, inTop5, confusion));
    SequencedMap<Measure, Double> values = new LinkedHashMap<>();
    values.put(LOSS, evaluation.loss());
    values.put(TOP1, evaluation.top1());
    values.put(TOP5, evaluation.top5());
    return new Scores(values, Optional.of(evaluation));
  }
}
