package org.kat4j.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** SHA-256 of data in memory. */
public final class Checksum {
  private final MessageDigest digest = Sha256.start();

  public Checksum add(byte[] values) {
    digest.update(values);
    return this;
  }

  public Checksum add(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    digest.update(bytes);
    return this;
  }

  public Checksum add(double[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES);
    bytes.asDoubleBuffer().put(values);
    digest.update(bytes);
    return this;
  }

  /** A text and its end: "ab", "c" differs from "a", "bc". */
  public Checksum add(String text) {
    return add(text.getBytes(StandardCharsets.UTF_8)).add(new byte[] {0});
  }

  public Checksum add(int[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Integer.BYTES);
    bytes.asIntBuffer().put(values);
    digest.update(bytes);
    return this;
  }

  /** Hexadecimal digits of all that was added. */
  public String digits() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
