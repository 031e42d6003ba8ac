package org.kat4j.lab.network;

import java.util.List;
import java.util.Map;
import org.kat4j.data.Batches;
import org.kat4j.data.Feed;
import org.kat4j.data.RowBatch;
import org.kat4j.model.Model;
import org.kat4j.model.Signature;
import org.kat4j.task.Measure;
import org.kat4j.task.Objective;
import org.kat4j.task.Task;
import org.kat4j.task.row.RowTask;

/**
 * Tasks on rows one after another, of which each has so many epochs. Nothing is evaluated on the
 * way.
 */
record InTurn(List<RowTask> tasks, int epochs) implements Task<RowBatch> {
  InTurn {
    tasks = List.copyOf(tasks);
  }

  private RowTask first() {
    return tasks.getFirst();
  }

  @Override
  public String describe() {
    return "%d tasks, first %s".formatted(tasks.size(), first().describe());
  }

  @Override
  public String unit() {
    return first().unit();
  }

  @Override
  public String checksum() {
    return String.join(" ", tasks.stream().map(RowTask::checksum).toList());
  }

  @Override
  public Signature signature() {
    return first().signature();
  }

  @Override
  public Measure primary() {
    return first().primary();
  }

  @Override
  public Map<String, String> meaning() {
    return Map.of();
  }

  @Override
  public Feed<RowBatch> training(Feeding how) {
    List<Feed<RowBatch>> feeds = tasks.stream().map(task -> task.training(how)).toList();
    int batches = feeds.stream().mapToInt(Feed::batches).min().orElseThrow();
    return new Feed<>() {
      @Override
      public int samples() {
        return batches * how.batchSize();
      }

      @Override
      public int batches() {
        return batches;
      }

      @Override
      public Batches<RowBatch> epoch(int epoch, int firstBatch) {
        return feeds.get(epoch / epochs).epoch(epoch, firstBatch);
      }
    };
  }

  @Override
  public Feed<RowBatch> validation(int batchSize) {
    throw new UnsupportedOperationException("the tasks are evaluated one by one");
  }

  @Override
  public Objective<RowBatch> of(Model model) {
    return first().of(model);
  }

  @Override
  public String sizeKey() {
    return first().sizeKey();
  }

  @Override
  public void close() {
    tasks.forEach(RowTask::close);
  }
}
