package org.kat4j.torch;

import java.io.IOException;

/** A file breaks the rules of its format; the message says which, without naming the file. */
final class MalformedFileException extends IOException {
  private static final long serialVersionUID = 1L;

  MalformedFileException(String message) {
    super(message);
  }
}
