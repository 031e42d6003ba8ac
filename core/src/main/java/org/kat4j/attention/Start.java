package org.kat4j.attention;

/** What tables of scores begin with. */
public enum Start {
  /** As their source does. */
  PUBLISHED,
  /** So that they change nothing at first: a loaded model stays what it is. */
  NEUTRAL
}
