package org.kat4j.image;

import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;
import javax.imageio.stream.ImageInputStream;

/** ImageIO's decoders of PNG and JPEG, under a limit of time. */
final class PlatformDecoder {
  /** How damaged or cut files come to light: what libjpeg warns of when it makes up the rest. */
  private static final String CUT = "remature end";

  /** What is done with a reader. */
  interface Use<T> {
    T use(ImageReader reader) throws IOException;
  }

  private PlatformDecoder() {}

  /**
   * Opens a reader, uses it, and closes it.
   *
   * @throws IOException also when the file ends too early or the limit has passed
   */
  static <T> T with(ImageInputStream content, ImageFormat format, DecodingLimit limit, Use<T> use)
      throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.name());
    if (!readers.hasNext()) {
      throw new IllegalStateException("no reader for " + format + " on the class path");
    }
    ImageReader reader = readers.next();
    try {
      reader.setInput(content, true, true);
      boolean[] cut = new boolean[1];
      reader.addIIOReadWarningListener((_, warning) -> cut[0] |= warning.contains(CUT));
      reader.addIIOReadProgressListener(new Watch(limit));
      T result = use.use(reader);
      if (cut[0]) {
        throw new IOException("it ends too early");
      }
      limit.check();
      return result;
    } finally {
      reader.dispose();
    }
  }

  /** Stops a reader row by row: its code is not ours and hears of nothing else. */
  private record Watch(DecodingLimit limit) implements IIOReadProgressListener {
    @Override
    public void imageProgress(ImageReader source, float percentage) {
      if (limit.passed()) {
        source.abort();
      }
    }

    @Override
    public void sequenceStarted(ImageReader source, int minIndex) {}

    @Override
    public void sequenceComplete(ImageReader source) {}

    @Override
    public void imageStarted(ImageReader source, int imageIndex) {}

    @Override
    public void imageComplete(ImageReader source) {}

    @Override
    public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

    @Override
    public void thumbnailProgress(ImageReader source, float percentage) {}

    @Override
    public void thumbnailComplete(ImageReader source) {}

    @Override
    public void readAborted(ImageReader source) {}
  }
}
