package org.kat4j.serve;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import org.kat4j.torch.Host;

/** What a server counts, in the text format of Prometheus. */
final class Metrics {
  private final Map<Integer, LongAdder> answers = new ConcurrentSkipListMap<>();
  private final LongAdder dropped = new LongAdder();
  private final Histogram seconds =
      new Histogram(
          "kat4j_request_seconds",
          "Time from the first byte of a prediction's request to its answer.",
          .001,
          .0025,
          .005,
          .01,
          .025,
          .05,
          .1,
          .25,
          .5,
          1,
          2.5,
          5,
          10);
  private final Histogram batches =
      new Histogram(
          "kat4j_batch_images",
          "Images that went through the model together.",
          1,
          2,
          4,
          8,
          16,
          32,
          64,
          128);

  void answered(int status) {
    answers.computeIfAbsent(status, _ -> new LongAdder()).increment();
  }

  /** The client was gone before it got the answer that is counted already. */
  void notAnswered(int status) {
    answers.computeIfAbsent(status, _ -> new LongAdder()).decrement();
  }

  /** A client that went away or was too slow. */
  void dropped() {
    dropped.increment();
  }

  long answers() {
    return answers.values().stream().mapToLong(LongAdder::sum).sum();
  }

  void took(double requestSeconds) {
    seconds.add(requestSeconds);
  }

  void batch(int images) {
    batches.add(images);
  }

  String text(IntSupplier queued) {
    var text = new StringBuilder();
    text.append("# HELP kat4j_requests_total Answers by status.\n");
    text.append("# TYPE kat4j_requests_total counter\n");
    answers.forEach((status, count) ->
        text.append("kat4j_requests_total{code=\"" + status + "\"} " + count.sum() + "\n"));
    text.append("# HELP kat4j_dropped_total Clients that left or were too slow.\n");
    text.append("# TYPE kat4j_dropped_total counter\n");
    text.append("kat4j_dropped_total ").append(dropped.sum()).append('\n');
    text.append("# HELP kat4j_queue_images Images that wait for the model.\n");
    text.append("# TYPE kat4j_queue_images gauge\n");
    text.append("kat4j_queue_images ").append(queued.getAsInt()).append('\n');
    text.append("# HELP process_resident_memory_bytes Resident memory.\n");
    text.append("# TYPE process_resident_memory_bytes gauge\n");
    text.append("process_resident_memory_bytes ").append(Host.residentBytes()).append('\n');
    seconds.writeTo(text);
    batches.writeTo(text);
    return text.toString();
  }
}
