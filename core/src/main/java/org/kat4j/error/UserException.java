package org.kat4j.error;

/**
 * A mistake of the user: a path, a shape, a key, a range, a corrupt file.
 *
 * <p>The message is one line that says what, where and what to do. The command line prints it
 * without a stack trace and ends with exit code 2; library users get it as an ordinary unchecked
 * exception.
 */
public class UserException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UserException(String message) {
    super(oneLine(message));
  }

  public UserException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Names from outside may hold line feeds and escape sequences: they are shown, not obeyed. */
  private static String oneLine(String message) {
    if (message.chars().noneMatch(Character::isISOControl)) {
      return message;
    }
    var line = new StringBuilder();
    for (char c : message.toCharArray()) {
      switch (c) {
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default ->
            line.append(
                Character.isISOControl(c) ? "\\x%02x".formatted((int) c) : String.valueOf(c));
      }
    }
    return line.toString();
  }
}
