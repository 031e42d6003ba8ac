package org.kat4j.error;

/** Text from outside as it may be shown: on one line, and without power over a terminal. */
public final class OneLine {
  private OneLine() {}

  /**
   * The text with a visible sign for every control character: a line break becomes ⏎, other control
   * characters their pictures (ESC is ␛), marks that turn the direction of writing and halves of
   * characters �.
   */
  public static String of(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.replace("\r\n", "\n").codePoints().map(OneLine::shown).forEach(shown::appendCodePoint);
    return shown.toString();
  }

  private static int shown(int c) {
    if (c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) {
      return '⏎';
    }
    if (c < ' ') {
      return 0x2400 + c; // control pictures
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL -> c == 0x7f ? 0x2421 : 0xfffd;
      case Character.FORMAT -> c == 0x200d || c == 0x200c || c == 0xad ? c : 0xfffd;
      case Character.SURROGATE -> 0xfffd;
      default -> c;
    };
  }
}
