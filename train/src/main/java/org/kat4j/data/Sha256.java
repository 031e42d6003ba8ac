package org.kat4j.data;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The checksum by which published files are recognised. */
final class Sha256 {
  private Sha256() {}

  static MessageDigest start() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
