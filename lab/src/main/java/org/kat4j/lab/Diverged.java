package org.kat4j.lab;

/** A training that came to nothing: its loss is no number any more. Counted, not repeated. */
public final class Diverged extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public Diverged(String message) {
    super(message);
  }
}
