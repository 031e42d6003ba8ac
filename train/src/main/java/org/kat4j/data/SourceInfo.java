package org.kat4j.data;

/**
 * What is known about a data set before it is opened.
 *
 * @param name what to pass as the name of the data set
 * @param what the pictures, in a few words
 * @param trainImages number of training images of the complete set
 * @param validationImages number of test images of the complete set
 * @param channels 1 (grey) or 3 (colour)
 * @param height rows in pixels
 * @param width columns in pixels
 * @param available whether it can be opened without a network
 * @param where the folder where it was found, or what is missing
 */
public record SourceInfo(
    String name,
    String what,
    int trainImages,
    int validationImages,
    int channels,
    int height,
    int width,
    boolean available,
    String where) {}
