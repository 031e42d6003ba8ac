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
  private final String queued;
  private final Histogram together;

  private Metrics(String queued, Histogram together) {
    this.queued = queued;
    this.together = together;
  }

  static Metrics ofImages() {
    return new Metrics(
        "images",
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
            128));
  }

  static Metrics ofTexts() {
    return new Metrics(
        "texts",
        new Histogram(
            "kat4j_text_tokens", "Tokens that were written of a text.", 1, 4, 16, 64, 256, 1024));
  }

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

  /** What the model did without a pause: images of a batch, tokens of a text. */
  void together(int count) {
    together.add(count);
  }

  String text(IntSupplier waiting) {
    var text = new StringBuilder();
    text.append("# HELP kat4j_requests_total Answers by status.\n");
    text.append("# TYPE kat4j_requests_total counter\n");
    answers.forEach((status, count) ->
        text.append("kat4j_requests_total{code=\"" + status + "\"} " + count.sum() + "\n"));
    text.append("# HELP kat4j_dropped_total Clients that left or were too slow.\n");
    text.append("# TYPE kat4j_dropped_total counter\n");
    text.append("kat4j_dropped_total ").append(dropped.sum()).append('\n');
    String gauge = "kat4j_queue_" + queued;
    String title = Character.toUpperCase(queued.charAt(0)) + queued.substring(1);
    text.append("# HELP " + gauge + " " + title + " that wait for the model.\n");
    text.append("# TYPE " + gauge + " gauge\n");
    text.append(gauge).append(' ').append(waiting.getAsInt()).append('\n');
    text.append("# HELP process_resident_memory_bytes Resident memory.\n");
    text.append("# TYPE process_resident_memory_bytes gauge\n");
    text.append("process_resident_memory_bytes ").append(Host.residentBytes()).append('\n');
    seconds.writeTo(text);
    together.writeTo(text);
    return text.toString();
  }
}
