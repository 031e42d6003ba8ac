package org.kat4j.serve;

/** What a request gets: an answer as a whole, or a text as it is written. */
sealed interface Reply permits Answer, TextStream {
  /** HTTP status. */
  int status();

  /** Media type. */
  String type();
}
