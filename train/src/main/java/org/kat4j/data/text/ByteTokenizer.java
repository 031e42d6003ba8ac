package org.kat4j.data.text;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.kat4j.config.Config;
import org.kat4j.config.Kind;

/** The bytes of UTF-8 as ids, 0 to 255: every text can be written, and nothing has to be kept. */
public final class ByteTokenizer implements Tokenizer {
  private static final int BYTES = 256;

  /** Bytes. */
  @Kind("bytes")
  public record Spec() implements Tokenizer.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public Tokenizer open(Text text) {
      return new ByteTokenizer();
    }

    @Override
    public Tokenizer restored(Map<String, String> metadata, String source) {
      return new ByteTokenizer();
    }
  }

  @Override
  public String describe() {
    return "bytes, 256 ids";
  }

  @Override
  public int vocabulary() {
    return BYTES;
  }

  @Override
  public int[] encode(String text) {
    byte[] bytes = Utf8.bytes(text);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return ids;
  }

  @Override
  public String decode(int... ids) {
    ByteBuffer bytes = ByteBuffer.allocate(ids.length);
    for (int id : ids) {
      bytes.put((byte) Objects.checkIndex(id, BYTES));
    }
    return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
  }

  @Override
  public String checksum() {
    return Utf8.sha256("bytes");
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of(METADATA, Config.toJson(new Spec()));
  }
}
