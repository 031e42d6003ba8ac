package org.kat4j.torch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a forward pass is for: training or evaluation, its random zeros, and who listens to
 * intermediate results.
 *
 * @param training whether dropout and drop path act
 * @param masks of dropout and drop path
 * @param tap receives intermediate results
 * @param given what some parts ask for besides their input, at most one of a kind
 */
public record Pass(boolean training, Masks masks, Tap tap, List<Given> given) {
  /** What a pass can carry besides the input; what does not ask for it pays nothing. */
  public sealed interface Given permits Stream {}

  private static final class Unused {
    // Evaluation draws nothing; one stream serves every evaluation pass of the process.
    static final Masks MASKS = new Masks.Drawn(new RandomStream(0));
  }

  /** A pass in which nothing is random. */
  public static Pass evaluation() {
    return evaluation(Tap.NONE);
  }

  public static Pass evaluation(Tap tap) {
    return new Pass(false, Unused.MASKS, tap, List.of());
  }

  public static Pass training(RandomStream random) {
    return training(new Masks.Drawn(random));
  }

  public static Pass training(Masks masks) {
    return new Pass(true, masks, Tap.NONE, List.of());
  }

  /** The pass as a child called {@code name} sees it. */
  public Pass at(String name) {
    return tap == Tap.NONE ? this : new Pass(training, masks, tap.at(name), given);
  }

  /** The same with one more thing given, in the place of another of its kind. */
  public Pass with(Given one) {
    List<Given> all = new ArrayList<>(given);
    all.removeIf(other -> other.getClass() == one.getClass());
    all.add(one);
    return new Pass(training, masks, tap, List.copyOf(all));
  }

  /** The sequence that this pass goes on with; null where it begins and ends with its input. */
  public @Nullable Stream stream() {
    for (Given one : given) {
      if (one instanceof Stream stream) {
        return stream;
      }
    }
    return null;
  }
}
