package org.kat4j.parity;

/**
 * Runs one kind of golden file against kat4j's own part. Every system brings one, registered as a
 * service ({@code META-INF/services/org.kat4j.parity.ParityAdapter}).
 */
public interface ParityAdapter {
  /**
   * Whether this adapter knows the part that was recorded; looks at the name and the configuration
   * only.
   */
  boolean covers(Golden golden);

  /**
   * Builds the part in the dtype of the comparison, runs it, and compares everything that was
   * recorded.
   */
  void run(Golden golden, Comparison comparison);
}
