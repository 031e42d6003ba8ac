package org.kat4j.train;

import org.kat4j.error.UserException;

/** The training loss is no number any more; the last checkpoint is from before. */
public final class DivergedException extends UserException {
  private static final long serialVersionUID = 1L;

  DivergedException(String message) {
    super(message);
  }
}
