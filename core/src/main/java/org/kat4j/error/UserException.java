package org.kat4j.error;

import java.util.Objects;

/**
 * A mistake of the user: a path, a shape, a key, a range, a corrupt file.
 *
 * <p>The message is one line ({@link OneLine}) that says what, where and what to do. The command
 * line prints it without a stack trace and ends with exit code 2; library users get it as an
 * ordinary unchecked exception.
 */
public class UserException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UserException(String message) {
    super(OneLine.of(message));
  }

  public UserException(String message, Throwable cause) {
    super(OneLine.of(message), cause);
  }

  /** The line; there always is one. */
  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
