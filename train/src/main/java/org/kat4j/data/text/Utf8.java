package org.kat4j.data.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.kat4j.data.Sha256;
import org.kat4j.error.UserException;

/** Text and its bytes, without a character replaced on the way. */
public final class Utf8 {
  private Utf8() {}

  /**
   * The bytes of a text.
   *
   * @throws UserException if the text has half of a surrogate pair, which no bytes stand for
   */
  static byte[] bytes(String text) {
    return checked(text).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The text itself.
   *
   * @throws UserException if it has half of a surrogate pair
   */
  public static String checked(String text) {
    int place = 0;
    while (place < text.length()) {
      int point = text.codePointAt(place);
      if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
        throw new UserException(
            "the text has half a character (U+%04X) at place %,d: no UTF-8 can hold it; leave it out"
                .formatted(point, place));
      }
      place += Character.charCount(point);
    }
    return text;
  }

  /**
   * The text of a small file.
   *
   * @throws UserException naming the file and the first byte that is no UTF-8
   */
  static String text(byte[] bytes, String file) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      throw malformed(file, in.position());
    }
    return out.flip().toString();
  }

  static UserException malformed(String file, long offset) {
    return new UserException(
        "%s: no UTF-8 text: byte %,d does not belong to a character; convert the file or take it out"
            .formatted(file, offset));
  }

  /** The checksum of a text in lower-case hexadecimal. */
  static String sha256(String text) {
    return HexFormat.of().formatHex(Sha256.start().digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
