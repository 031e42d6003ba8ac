package org.kat4j.serve;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.task.language.TextWriter;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A text on its way to a client, as server-sent events. The thread of the model writes it, that of
 * the connection hands it on: a client that does not read holds up nobody else.
 *
 * <p>Lines {@code data: {"text": …}} with pieces of the text, then {@code event: end} with {@code
 * tokens}, {@code ended} (length, end, time or shutdown) and {@code milliseconds}; or {@code event:
 * error}.
 */
final class TextStream implements Reply {
  private static final String NO_EVENT = "";

  /** What happens to a text. */
  private sealed interface Event {
    record Piece(String text) implements Event {}

    record End(int tokens, String ended, double milliseconds) implements Event {}

    record Failure(Throwable cause) implements Event {}
  }

  private final TextWriter.Wish wish;
  private final long start = System.nanoTime();
  private final long end; // nanoseconds, by the clock of start
  private final BooleanSupplier stopping;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(); // a few a token at most
  private volatile boolean gone;
  private @Nullable Event first;

  /**
   * @param seconds that it may take, waiting included
   * @param stopping whether the server ends
   */
  TextStream(TextWriter.Wish wish, int seconds, BooleanSupplier stopping) {
    this.wish = wish;
    this.stopping = stopping;
    end = start + TimeUnit.SECONDS.toNanos(seconds);
  }

  /**
   * Writes the text; called by the thread of the model.
   *
   * @return how many tokens were written
   */
  int write(TextWriter writer) {
    if (gone) {
      return 0;
    }
    String[] why = {NO_EVENT};
    try {
      int tokens =
          writer.write(
              wish,
              piece -> {
                events.add(new Event.Piece(piece));
                why[0] = reasonToEnd();
                return why[0].isEmpty();
              });
      String ended = why[0].isEmpty() ? tokens < wish.tokens() ? "end" : "length" : why[0];
      events.add(new Event.End(tokens, ended, (System.nanoTime() - start) / 1e6));
      return tokens;
    } catch (RuntimeException | Error failure) { // this text's, not the server's end
      events.add(new Event.Failure(failure));
      return 0;
    }
  }

  private String reasonToEnd() {
    if (stopping.getAsBoolean()) {
      return "shutdown";
    }
    return gone || System.nanoTime() - end > 0 ? "time" : NO_EVENT;
  }

  /** This text, once it has begun; an answer where it does not. */
  Reply begun() throws InterruptedException {
    first = events.poll(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    if (first == null) {
      gone = true;
      return Answer.error(Answer.BUSY, "there was no answer in time");
    }
    if (first instanceof Event.Failure failure) {
      return failure.cause() instanceof UserException mistake
          ? Answer.error(Answer.BAD_REQUEST, String.valueOf(mistake.getMessage()))
          : Answer.error(Answer.FAULT, "the model failed");
    }
    return this;
  }

  /** Hands the text on as it is written, to its end; a client that leaves ends it. */
  void writeTo(OutputStream out) throws IOException, InterruptedException {
    try {
      Event event = first == null ? events.take() : first;
      while (event instanceof Event.Piece) {
        StringBuilder text = new StringBuilder();
        while (event instanceof Event.Piece piece) { // as much as there is by now
          text.append(piece.text());
          event = events.poll();
        }
        if (!text.isEmpty()) {
          send(out, NO_EVENT, JsonNodeFactory.instance.objectNode().put("text", text.toString()));
        }
        event = event == null ? events.take() : event;
      }
      last(out, event);
    } finally {
      gone = true;
    }
  }

  private static void last(OutputStream out, Event event) throws IOException {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    if (event instanceof Event.End end) {
      double milliseconds = Math.round(end.milliseconds() * 1000) / 1000.0;
      body.put("tokens", end.tokens()).put("ended", end.ended()).put("milliseconds", milliseconds);
      send(out, "event: end\n", body);
    } else {
      send(out, "event: error\n", body.put("error", "the model failed"));
    }
  }

  private static void send(OutputStream out, String event, ObjectNode data) throws IOException {
    out.write((event + "data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public int status() {
    return Answer.OK;
  }

  @Override
  public String type() {
    return "text/event-stream";
  }
}
