package org.kat4j.serve;

import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a request gets at once.
 *
 * @param status HTTP status
 * @param type media type
 * @param body content
 */
@SuppressWarnings("ArrayRecordComponent") // only carries the bytes, is never compared
record Answer(int status, String type, byte[] body) implements Reply {
  static final int OK = 200;
  static final int BAD_REQUEST = 400;
  static final int FORBIDDEN = 403;
  static final int NOT_FOUND = 404;
  static final int WRONG_METHOD = 405;
  static final int TOO_LARGE = 413;
  static final int FAULT = 500;
  static final int BUSY = 503;

  static Answer text(String type, String body) {
    return new Answer(OK, type, body.getBytes(StandardCharsets.UTF_8));
  }

  static Answer json(int status, ObjectNode body) {
    return new Answer(status, "application/json", (body + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** One line that says what is wrong. */
  static Answer error(int status, String message) {
    return json(status, JsonNodeFactory.instance.objectNode().put("error", message));
  }
}
