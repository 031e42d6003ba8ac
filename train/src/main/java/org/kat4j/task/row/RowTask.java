package org.kat4j.task.row;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kat4j.data.Feed;
import org.kat4j.data.MemoryFeed;
import org.kat4j.data.RowBatch;
import org.kat4j.error.UserException;
import org.kat4j.model.Model;
import org.kat4j.model.Perceptron;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.task.Measure;
import org.kat4j.task.Objective;
import org.kat4j.task.Task;
import org.kat4j.torch.Scope;

/**
 * To say of which class a row is, or which numbers belong to it.
 *
 * <p>The rows lie in memory and belong to the task.
 *
 * @param data the rows
 * @param primary the measure that decides which weights are the best: the loss, accuracy of classes
 *     or {@link Measure#RMSE} of numbers
 */
public record RowTask(RowData data, Measure primary) implements Task<RowBatch> {
  private static final int ROWS_AT_ONCE = 4096; // of an evaluation

  /** Stands in a configuration for rows that a program has in memory. */
  public record InMemory() implements Task.Spec {
    @Override
    public RowTask open(@Nullable Path root, long seed) {
      throw new UserException("these rows were in a program's memory: no file has them");
    }

    @Override
    public Model.Spec usualModel() {
      return Perceptron.Spec.example();
    }

    @Override
    public String name() {
      return "rows";
    }
  }

  /** The mean of what training makes small. */
  public static final Measure LOSS = RowMeter.LOSS;

  @Override
  public String describe() {
    return "%s: %d training, %d validation rows"
        .formatted(data.name(), data.train().samples(), data.validation().samples());
  }

  @Override
  public String unit() {
    return "rows";
  }

  @Override
  public String checksum() {
    return data.checksum();
  }

  @Override
  public Signature.Rows signature() {
    return new Signature.Rows((int) data.train().x().size(1), data.outputs());
  }

  @Override
  public Map<String, String> meaning() {
    return data.meaning();
  }

  @Override
  public Feed<RowBatch> training(Feeding how) {
    return new MemoryFeed<>(data.train(), how.batchSize(), true, how.dropLast(), how.seed());
  }

  @Override
  public Feed<RowBatch> validation(int batchSize) {
    return MemoryFeed.inOrder(data.validation(), ROWS_AT_ONCE);
  }

  @Override
  public Feed<RowBatch> test(int batchSize) {
    return MemoryFeed.inOrder(judgedBy(), ROWS_AT_ONCE);
  }

  /** The rows that a model is judged by: those of the validation where there are no others. */
  public RowBatch judgedBy() {
    return hasTest() ? data.test() : data.validation();
  }

  @Override
  public boolean hasTest() {
    return data.test().samples() > 0;
  }

  @Override
  public Objective<RowBatch> of(Model model) {
    return RowObjective.of(RowModel.of(model), data);
  }

  @Override
  public String sizeKey() {
    return "the number of features";
  }

  @Override
  public void close() {
    Scope.free(data.train().tensors());
    Scope.free(data.validation().tensors());
    Scope.free(data.test().tensors());
  }
}
