package org.kat4j.tables;

/** What is predicted. */
public enum Task {
  /** One of at least two classes. */
  CLASSIFICATION,
  /** A number. */
  REGRESSION
}
