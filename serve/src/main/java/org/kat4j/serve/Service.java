package org.kat4j.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;

/** What a server answers with its model, besides its health and its counts. */
interface Service extends AutoCloseable {
  /** The one path that takes POST: {@code /predict}. */
  String path();

  /** The page at {@code /}. */
  String page();

  /** The model, for people. */
  String model();

  /** How bodies of requests are read. */
  Bodies bodies();

  /**
   * Answers a POST to {@link #path}.
   *
   * @throws org.kat4j.error.UserException for a request that cannot be answered
   */
  Reply answer(HttpExchange exchange) throws IOException, InterruptedException;

  /** Requests that wait for the model. */
  int waiting();

  /** No request comes any more: what takes long ends early. */
  default void stopping() {}

  @Override
  void close();
}
