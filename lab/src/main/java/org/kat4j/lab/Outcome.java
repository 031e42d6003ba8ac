package org.kat4j.lab;

/**
 * A finished trial as it is kept.
 *
 * @param study name
 * @param arm name
 * @param rate learning rate
 * @param seed seed
 * @param last whether its test score counts
 * @param measured what it found; scores are NaN where it failed
 * @param failure why it failed, empty if it did not
 * @param seconds all of it
 * @param peakBytes most memory in use: of the GPU's tensors, or of the whole process on a CPU; -1
 *     where the system does not say
 * @param machine that it ran on
 */
public record Outcome(
    String study,
    String arm,
    double rate,
    long seed,
    boolean last,
    Measured measured,
    String failure,
    double seconds,
    long peakBytes,
    String machine) {
  public boolean failed() {
    return !failure.isEmpty();
  }
}
