package org.kat4j.data;

/**
 * What the name of a data set, or the path of a folder, resolves to.
 *
 * @param name the name or path that was asked for
 * @param train images to learn from
 * @param validation images to measure on; for the published sets this is their test split
 * @param description one line: what the images are and in which form they were found
 */
public record ImageData(String name, ImageSet train, ImageSet validation, String description) {

  /** The same images, their pixels normalised in another way. */
  public ImageData normalized(Normalization normalization) {
    return new ImageData(
        name,
        Subset.normalized(train, normalization),
        Subset.normalized(validation, normalization),
        description);
  }
}
