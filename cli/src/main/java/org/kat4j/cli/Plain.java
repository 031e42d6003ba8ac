package org.kat4j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Text for a terminal that cannot steer it: control characters, which names in files from elsewhere
 * may hold, are written out, such as {@code \x1b}.
 */
final class Plain {
  private static final int UTF8_OF_C1 = 0xc2; // begins the two bytes of U+0080 to U+009F

  private Plain() {}

  private static String hex(int value) {
    return "x" + Character.forDigit(value >> 4, 16) + Character.forDigit(value & 15, 16);
  }

  /** A stream that writes to another one; line feeds, carriage returns and tabs stay. */
  static PrintStream to(PrintStream stream) {
    boolean utf8 = stream.charset().equals(StandardCharsets.UTF_8);
    return new PrintStream(new Written(stream, utf8), true, stream.charset());
  }

  private static final class Written extends OutputStream {
    private final PrintStream stream;
    private final boolean utf8;
    private boolean held; // a byte that may begin a control character

    Written(PrintStream stream, boolean utf8) {
      this.stream = stream;
      this.utf8 = utf8;
    }

    @Override
    public void write(int value) {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      int done = offset;
      for (int i = offset; i < offset + length; i++) {
        int value = Byte.toUnsignedInt(bytes[i]);
        if (held) {
          held = false;
          if (value < 0xa0) {
            escape(value);
            done = i + 1;
            continue;
          }
          stream.write(UTF8_OF_C1);
        }
        boolean first = utf8 && value == UTF8_OF_C1;
        if (first || isControl(value)) {
          stream.write(bytes, done, i - done);
          done = i + 1;
          held = first;
          if (!first) {
            escape(value);
          }
        }
      }
      stream.write(bytes, done, offset + length - done);
    }

    private static boolean isControl(int value) {
      return value < ' ' && value != '\n' && value != '\r' && value != '\t' || value == 0x7f;
    }

    private void escape(int value) {
      byte[] text = ("\\" + hex(value)).getBytes(StandardCharsets.US_ASCII);
      stream.write(text, 0, text.length);
    }

    @Override
    public void flush() throws IOException {
      stream.flush();
    }
  }
}
