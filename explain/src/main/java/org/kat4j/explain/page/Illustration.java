package org.kat4j.explain.page;

/**
 * A picture with words below it.
 *
 * @param png the bytes of a PNG file
 * @param caption what it shows
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, not compared
public record Illustration(byte[] png, String caption) {}
