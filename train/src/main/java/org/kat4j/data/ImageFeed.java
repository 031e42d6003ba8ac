package org.kat4j.data;

/**
 * Images in batches, read by threads of their own.
 *
 * @param set the images
 * @param loading how they become batches
 */
public record ImageFeed(ImageSet set, Loading loading) implements Feed<ImageBatch> {
  @Override
  public int samples() {
    return loading.images(set.size());
  }

  @Override
  public int batches() {
    return loading.batches(set.size());
  }

  @Override
  public Batches<ImageBatch> epoch(int epoch, int firstBatch) {
    return Loader.epoch(set, loading, epoch, firstBatch);
  }
}
