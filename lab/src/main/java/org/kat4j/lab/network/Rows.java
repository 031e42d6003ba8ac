package org.kat4j.lab.network;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.data.Checksum;
import org.kat4j.data.RowBatch;
import org.kat4j.lab.Training;
import org.kat4j.lab.Trial;
import org.kat4j.task.Measure;
import org.kat4j.task.row.RowData;
import org.kat4j.task.row.RowTask;
import org.kat4j.torch.Device;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

/**
 * Data as rows of numbers, split and scaled before anything is trained.
 *
 * @param name of the data, for people
 * @param inputs numbers of a row
 * @param outputs targets of a row, or classes
 * @param classes whether targets are classes
 * @param train rows to learn from
 * @param validation rows to choose by
 * @param test rows to judge by
 */
public record Rows(
    String name, int inputs, int outputs, boolean classes, Part train, Part validation, Part test)
    implements Training.Data {
  /**
   * @param x {@code [rows, inputs]}
   * @param y {@code [rows, outputs]}, or the class of each row
   */
  @SuppressWarnings("ArrayRecordComponent") // filled once, read by the fit
  public record Part(float[] x, float[] y) {}

  private static final Part NONE = new Part(new float[0], new float[0]);

  /** Accuracy of classes, root mean square of numbers. */
  public Measure measure() {
    return classes ? Measure.ACCURACY : Measure.RMSE;
  }

  /** Only the rows of some classes, with the outputs of a network that knows so many. */
  public Rows ofClasses(int from, int to, int outputs) {
    return new Rows(
        "%s, classes %d to %d".formatted(name, from, to - 1),
        inputs,
        outputs,
        true,
        ofClasses(train, from, to),
        ofClasses(validation, from, to),
        ofClasses(test, from, to));
  }

  private Part ofClasses(Part part, int from, int to) {
    int[] kept =
        IntStream.range(0, size(part)).filter(i -> part.y[i] >= from && part.y[i] < to).toArray();
    float[] x = new float[kept.length * inputs];
    float[] y = new float[kept.length];
    for (int i = 0; i < kept.length; i++) {
      System.arraycopy(part.x, kept[i] * inputs, x, i * inputs, inputs);
      y[i] = part.y[kept[i]];
    }
    return new Part(x, y);
  }

  int size(Part part) {
    return part.x.length / inputs;
  }

  /** The rows on the trial's device. */
  @Override
  public RowTask task(Trial trial) {
    Device device = trial.place().device();
    return new RowTask(
        new RowData(
            name,
            classes,
            outputs,
            placed(train, device),
            placed(validation, device),
            placed(trial.last() ? test : NONE, device),
            checksum()),
        measure());
  }

  private RowBatch placed(Part part, Device device) {
    int n = size(part);
    try (Scope _ = Scope.open()) {
      Tensor x = Memory.to(Tensor.create(part.x, n, inputs), device);
      Tensor y = Memory.to(classes ? labels(part) : Tensor.create(part.y, n, outputs), device);
      return new RowBatch(Scope.keep(x), Scope.keep(y));
    }
  }

  private static Tensor labels(Part part) {
    long[] labels = new long[part.y.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (long) part.y[i];
    }
    return Tensor.create(labels);
  }

  /** Name, sizes and SHA-256 of all numbers. */
  @Override
  public String checksum() {
    Checksum checksum = new Checksum();
    for (Part part : List.of(train, validation, test)) {
      checksum.add(part.x).add(part.y);
    }
    return "%s, %d/%d/%d rows, sha256 %s"
        .formatted(name, size(train), size(validation), size(test), checksum.digits());
  }
}
