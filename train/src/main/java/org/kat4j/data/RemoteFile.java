package org.kat4j.data;

/**
 * A published file and how to recognise it.
 *
 * @param name its name, here and at the official address
 * @param bytes its exact size
 * @param sha256 its checksum in lower-case hexadecimal
 */
public record RemoteFile(String name, long bytes, String sha256) {}
