package org.kat4j.torch;

/**
 * What a forward pass is for: training or evaluation, its random stream, and who listens to
 * intermediate results.
 *
 * @param training whether dropout and drop path act
 * @param random stream that dropout and drop path draw from
 * @param tap receives intermediate results
 */
public record Pass(boolean training, RandomStream random, Tap tap) {
  private static final class Unused {
    // Evaluation draws nothing; one stream serves every evaluation pass of the process.
    static final RandomStream STREAM = new RandomStream(0);
  }

  /** A pass in which nothing is random. */
  public static Pass evaluation() {
    return new Pass(false, Unused.STREAM, Tap.NONE);
  }

  public static Pass evaluation(Tap tap) {
    return new Pass(false, Unused.STREAM, tap);
  }

  public static Pass training(RandomStream random) {
    return new Pass(true, random, Tap.NONE);
  }

  /** The pass as a child called {@code name} sees it. */
  public Pass at(String name) {
    return tap == Tap.NONE ? this : new Pass(training, random, tap.at(name));
  }
}
