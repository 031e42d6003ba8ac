package org.kat4j.torch;

/**
 * What a forward pass is for: training or evaluation, its random zeros, and who listens to
 * intermediate results.
 *
 * @param training whether dropout and drop path act
 * @param masks of dropout and drop path
 * @param tap receives intermediate results
 */
public record Pass(boolean training, Masks masks, Tap tap) {
  private static final class Unused {
    // Evaluation draws nothing; one stream serves every evaluation pass of the process.
    static final Masks MASKS = new Masks.Drawn(new RandomStream(0));
  }

  /** A pass in which nothing is random. */
  public static Pass evaluation() {
    return new Pass(false, Unused.MASKS, Tap.NONE);
  }

  public static Pass evaluation(Tap tap) {
    return new Pass(false, Unused.MASKS, tap);
  }

  public static Pass training(RandomStream random) {
    return training(new Masks.Drawn(random));
  }

  public static Pass training(Masks masks) {
    return new Pass(true, masks, Tap.NONE);
  }

  /** The pass as a child called {@code name} sees it. */
  public Pass at(String name) {
    return tap == Tap.NONE ? this : new Pass(training, masks, tap.at(name));
  }
}
