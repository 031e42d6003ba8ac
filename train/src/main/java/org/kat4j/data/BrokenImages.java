package org.kat4j.data;

import java.lang.System.Logger.Level;
import java.util.LinkedHashSet;
import java.util.Set;
import org.kat4j.error.UserException;

/**
 * Counts the broken files of a data set, names each once as a warning, and says when there are too
 * many. For all threads.
 */
final class BrokenImages {
  private final int most;
  private final Set<String> found = new LinkedHashSet<>();

  /**
   * @param most how many broken files are left out before one more is an error
   */
  BrokenImages(int most) {
    this.most = most;
  }

  /**
   * Takes note of a broken file.
   *
   * @param file its name
   * @param broken what is wrong with it
   * @return the same as a reason to leave it out
   * @throws UserException if there are too many now
   */
  synchronized SkippedImage add(String file, UserException broken) {
    if (most == 0) {
      throw broken;
    }
    if (found.add(file)) {
      if (found.size() > most) {
        throw new UserException(
            "%d images are broken, more than task.data.maxBroken = %d; the last one: %s"
                .formatted(found.size(), most, broken.getMessage()),
            broken);
      }
      System.getLogger(BrokenImages.class.getName())
          .log(
              Level.WARNING,
              "left out ({0} of at most {1}): {2}",
              found.size(),
              most,
              broken.getMessage());
    }
    return new SkippedImage(broken);
  }

  synchronized int count() {
    return found.size();
  }
}
