package org.kat4j.lab.network;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.kat4j.lab.Measure;

/**
 * Data as rows of numbers, split and scaled before anything is trained.
 *
 * @param name of the data, for people
 * @param inputs numbers of a row
 * @param outputs targets of a row, or classes
 * @param classes whether targets are classes
 * @param train rows to learn from
 * @param validation rows to choose by
 * @param test rows to judge by
 */
public record Rows(
    String name, int inputs, int outputs, boolean classes, Part train, Part validation, Part test) {
  /**
   * @param x {@code [rows, inputs]}
   * @param y {@code [rows, outputs]}, or the class of each row
   */
  @SuppressWarnings("ArrayRecordComponent") // filled once, read by the fit
  public record Part(float[] x, float[] y) {}

  /** Accuracy of classes, root mean square of numbers. */
  public Measure measure() {
    return classes ? Measure.ACCURACY : Measure.RMSE;
  }

  int size(Part part) {
    return part.x.length / inputs;
  }

  /** Name, sizes and SHA-256 of all numbers. */
  public String checksum() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Part part : new Part[] {train, validation, test}) {
        update(digest, part.x);
        update(digest, part.y);
      }
      return "%s, %d/%d/%d rows, sha256 %s"
          .formatted(
              name,
              size(train),
              size(validation),
              size(test),
              HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static void update(MessageDigest digest, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    digest.update(bytes);
  }
}
