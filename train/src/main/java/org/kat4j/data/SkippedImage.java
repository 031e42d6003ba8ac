package org.kat4j.data;

import org.kat4j.error.UserException;

/** An image whose file is broken and that is left out, as {@link BrokenImages} allows. */
public final class SkippedImage extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SkippedImage(UserException broken) {
    super(broken.getMessage(), broken, false, false);
  }
}
