package org.kat4j.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.kat4j.error.UserException;

/**
 * Decodes PNG, JPEG and WebP files; told apart by their content, not by their name.
 *
 * <p>Stored values are taken as they are: colour profiles and gamma are ignored, transparency is
 * dropped, 16 bits are cut to 8, and the camera's rotation is ignored unless asked for, as in the
 * pipelines whose numbers are published. Nothing is cached on disk. Files are hostile until
 * decoded: sizes are checked before memory is set aside.
 */
public final class ImageReading {
  /** Images with more pixels are refused, whatever the heap. */
  private static final long MOST_PIXELS = 64_000_000;

  /** A picture being decoded takes up to 6 bytes a pixel, and several may be at once. */
  private static final long HEAP_BYTES_FOR_PIXEL = 32;

  private static final long MOST_FILE_BYTES = 256 << 20;

  /** How damaged or cut files come to light: what libjpeg warns of when it makes up the rest. */
  private static final String CUT = "remature end";

  /** Rows and columns of an image. */
  public record Size(int height, int width) {}

  /** The formats that are read, by the names of their {@link ImageReader}s. */
  private enum Format {
    PNG,
    JPEG,
    WEBP;

    static Optional<Format> of(byte[] start) {
      if (startsWith(start, 0, 0x89, 'P', 'N', 'G')) {
        return Optional.of(PNG);
      }
      if (startsWith(start, 0, 0xff, 0xd8, 0xff)) {
        return Optional.of(JPEG);
      }
      boolean webp =
          startsWith(start, 0, 'R', 'I', 'F', 'F') && startsWith(start, 8, 'W', 'E', 'B', 'P');
      return webp ? Optional.of(WEBP) : Optional.empty();
    }

    private static boolean startsWith(byte[] bytes, int offset, int... values) {
      for (int i = 0; i < values.length; i++) {
        if (offset + i >= bytes.length || bytes[offset + i] != (byte) values[i]) {
          return false;
        }
      }
      return true;
    }
  }

  private interface Use<T> {
    T use(ImageReader reader) throws IOException;
  }

  private ImageReading() {}

  /**
   * Reads one image at the wanted size, {@link EvaluationTransform#WHOLE scaled and cut}.
   *
   * @param channels 1 for grey (ITU-R 601 luma) or 3 for red, green, blue
   * @return {@code [channels, height, width]}
   * @throws UserException naming the file if it is not a readable image
   */
  public static byte[] read(Path image, int channels, int height, int width) {
    return EvaluationTransform.WHOLE.apply(read(image, channels, false), height, width).pixels();
  }

  /**
   * Reads one image as it is.
   *
   * @param channels 1 for grey or 3 for red, green, blue
   * @param upright whether to turn it as the EXIF orientation of a JPEG says
   */
  public static Picture read(Path image, int channels, boolean upright) {
    try {
      checkFile(image);
      return decode(Files.readAllBytes(image), image, channels, upright);
    } catch (IOException e) {
      throw unreadable(image, e);
    }
  }

  /** Decodes an image in memory; {@code where} names it in errors. */
  public static Picture decode(byte[] content, Object where, int channels, boolean upright) {
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
      Format format = format(content, where);
      Picture picture =
          with(
              stream,
              format,
              where,
              reader -> {
                checkedSize(reader, where);
                return format == Format.JPEG
                    ? jpeg(reader, JpegHeader.of(content), upright)
                    : StoredColors.picture(reader.read(0));
              });
      return inChannels(picture, channels);
    } catch (IOException e) {
      throw unreadable(where, e);
    }
  }

  /** The size that the header of the file states, which was checked against the largest allowed. */
  public static Size size(Path image) {
    try {
      checkFile(image);
      try (FileImageInputStream content = new FileImageInputStream(image.toFile())) {
        return size(content, image);
      }
    } catch (IOException e) {
      throw unreadable(image, e);
    }
  }

  /** The same of an image in memory; {@code where} names it in errors. */
  public static Size size(byte[] image, Object where) {
    try (ImageInputStream content =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(image))) {
      return size(content, where);
    } catch (IOException e) {
      throw unreadable(where, e);
    }
  }

  private static Size size(ImageInputStream content, Object where) throws IOException {
    byte[] start = new byte[12];
    int read = Math.max(0, content.read(start));
    content.seek(0);
    Format format = format(Arrays.copyOf(start, read), where);
    return with(content, format, where, reader -> checkedSize(reader, where));
  }

  private static void checkFile(Path image) throws IOException {
    if (!Files.isRegularFile(image)) {
      throw new UserException(image + ": no such file; give the path of a PNG, JPEG or WebP image");
    }
    if (Files.size(image) > MOST_FILE_BYTES) {
      throw new UserException(
          "%s: a file of %d MiB is too large for an image; remove or replace it"
              .formatted(image, Files.size(image) >> 20));
    }
  }

  private static Format format(byte[] start, Object where) {
    return Format.of(start)
        .orElseThrow(() ->
            new UserException(where + ": not a PNG, JPEG or WebP image; remove or convert it"));
  }

  private static Picture jpeg(ImageReader reader, JpegHeader header, boolean upright)
      throws IOException {
    Picture stored = JpegColors.picture(reader.readRaster(0, null), header);
    return upright ? Orientation.upright(stored, header.orientation()) : stored;
  }

  private static Picture inChannels(Picture picture, int channels) {
    if (picture.channels() == channels) {
      return picture;
    }
    if (channels == 1) {
      return new Picture(1, picture.height(), picture.width(), picture.luma());
    }
    byte[] grey = picture.pixels();
    byte[] colour = new byte[3 * grey.length];
    for (int channel = 0; channel < 3; channel++) {
      System.arraycopy(grey, 0, colour, channel * grey.length, grey.length);
    }
    return new Picture(3, picture.height(), picture.width(), colour);
  }

  private static <T> T with(ImageInputStream content, Format format, Object where, Use<T> use)
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
      T result = use.use(reader);
      if (cut[0]) {
        throw new IOException("it ends too early");
      }
      return result;
    } catch (UserException e) {
      throw e;
    } catch (RuntimeException e) {
      // The decoders of the platform answer some damaged files with index or argument errors.
      throw unreadable(where, e);
    } catch (OutOfMemoryError e) {
      throw new UserException(
          where + ": there is no memory to decode it; remove it, or raise Java's heap (-Xmx)", e);
    } finally {
      reader.dispose();
    }
  }

  private static Size checkedSize(ImageReader reader, Object where) throws IOException {
    Size size = new Size(reader.getHeight(0), reader.getWidth(0));
    long most = Math.min(MOST_PIXELS, Runtime.getRuntime().maxMemory() / HEAP_BYTES_FOR_PIXEL);
    if ((long) size.height() * size.width() > most) {
      throw new UserException(
          "%s: %d x %d pixels are too many; make it smaller than %.1f million pixels"
              .formatted(where, size.width(), size.height(), most / 1e6));
    }
    return size;
  }

  private static UserException unreadable(Object where, Exception cause) {
    String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new UserException(
        "%s: the image is damaged or unsupported (%s); remove or replace it"
            .formatted(where, reason.lines().findFirst().orElse("")),
        cause);
  }
}
