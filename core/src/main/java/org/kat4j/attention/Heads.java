package org.kat4j.attention;

/**
 * The heads of attention, as its steps and weightings see them.
 *
 * @param count heads of queries
 * @param ofKeys heads of keys and values; as many neighbouring heads of queries share one as there
 *     are times more of those
 * @param width channels of a head
 */
public record Heads(int count, int ofKeys, int width) {
  /** As many heads of keys and values as of queries. */
  public static Heads of(int count, int width) {
    return new Heads(count, count, width);
  }
}
