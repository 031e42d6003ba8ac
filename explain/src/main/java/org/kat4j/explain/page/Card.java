package org.kat4j.explain.page;

/**
 * One number that matters.
 *
 * @param label what it is
 * @param value the number with its unit
 * @param note what it was measured on; may be empty
 */
public record Card(String label, String value, String note) {
  public Card(String label, String value) {
    this(label, value, "");
  }
}
