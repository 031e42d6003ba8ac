package org.kat4j.data;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.kat4j.error.UserException;

/**
 * Decodes PNG and JPEG files; told apart by their content, not by their name.
 *
 * <p>Stored values are taken as they are: colour profiles, gamma and the camera's rotation are
 * ignored, transparency is dropped, 16 bits are cut to 8, as in the pipelines whose numbers are
 * published. Nothing is cached on disk.
 */
public final class ImageReading {
  /** Images with more pixels are refused before memory is set aside for them. */
  static final long MOST_PIXELS = 64_000_000;

  private static final Set<String> FORMATS = Set.of("png", "jpeg");

  /** Rows and columns of an image. */
  record Size(int height, int width) {}

  private interface Use<T> {
    T use(ImageReader reader) throws IOException;
  }

  private ImageReading() {}

  /**
   * Reads one image at the wanted size: scaled (antialiased bicubic) until it just covers the size,
   * then cut in the middle.
   *
   * @param channels 1 for grey (ITU-R 601 luma) or 3 for red, green, blue
   * @return {@code [channels, height, width]}
   * @throws UserException naming the file if it is not a readable PNG or JPEG image
   */
  public static byte[] read(Path image, int channels, int height, int width) {
    return read(image, channels, height, width, 1);
  }

  /**
   * The same, scaled until the wanted size is {@code crop} of what it covers.
   *
   * @param crop timm's {@code crop_pct}, above 0, at most 1
   */
  public static byte[] read(Path image, int channels, int height, int width, double crop) {
    try (ImageInputStream content = open(image)) {
      return decode(content, image, channels).fit(height, width, crop);
    } catch (IOException e) {
      throw unreadable(image, e);
    }
  }

  /** The same of an image in memory; {@code where} names it in errors. */
  public static byte[] read(
      byte[] content, String where, int channels, int height, int width, double crop) {
    return decode(content, where, channels).fit(height, width, crop);
  }

  /** Pixels of an image in memory, as its header says; {@code where} names it in errors. */
  public static long pixelCount(byte[] content, String where) {
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
      Size size = with(stream, where, reader -> checkedSize(reader, where));
      return (long) size.height() * size.width();
    } catch (IOException e) {
      throw unreadable(where, e);
    }
  }

  /** The size that the header of the file states, which was checked against the largest allowed. */
  static Size size(Path image) {
    try (ImageInputStream content = open(image)) {
      return with(content, image, reader -> checkedSize(reader, image));
    } catch (IOException e) {
      throw unreadable(image, e);
    }
  }

  /** Decodes an image in memory; {@code where} names it in errors. */
  static Picture decode(byte[] content, Object where, int channels) {
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(content))) {
      return decode(stream, where, channels);
    } catch (IOException e) {
      throw unreadable(where, e);
    }
  }

  private static ImageInputStream open(Path image) throws IOException {
    if (!Files.isRegularFile(image)) {
      throw new UserException(image + ": no such file; give the path of a PNG or JPEG image");
    }
    return new FileImageInputStream(image.toFile());
  }

  private static Picture decode(ImageInputStream content, Object where, int channels)
      throws IOException {
    return with(
        content,
        where,
        reader -> {
          checkedSize(reader, where);
          BufferedImage image = reader.read(0);
          byte[] pixels = channels == 1 ? grey(image) : colour(image);
          return new Picture(channels, image.getHeight(), image.getWidth(), pixels);
        });
  }

  private static <T> T with(ImageInputStream content, Object where, Use<T> use) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReaders(content);
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      try {
        if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
          reader.setInput(content, true, true);
          return use.use(reader);
        }
      } catch (UserException e) {
        throw e;
      } catch (RuntimeException e) {
        // The decoders of the platform answer some damaged files with index or argument errors.
        throw unreadable(where, e);
      } finally {
        reader.dispose();
      }
    }
    throw new UserException(where + ": not a PNG or JPEG image; remove or convert it");
  }

  private static Size checkedSize(ImageReader reader, Object where) throws IOException {
    Size size = new Size(reader.getHeight(0), reader.getWidth(0));
    if ((long) size.height() * size.width() > MOST_PIXELS) {
      throw new UserException(
          "%s: %d x %d pixels are too many; make it smaller than %d million pixels"
              .formatted(where, size.width(), size.height(), MOST_PIXELS / 1_000_000));
    }
    return size;
  }

  /** {@code [3, height, width]}. */
  private static byte[] colour(BufferedImage image) {
    int area = image.getWidth() * image.getHeight();
    byte[] pixels = new byte[3 * area];
    for (int channel = 0; channel < 3; channel++) {
      Band band = Band.of(image, channel);
      for (int row = 0; row < image.getHeight(); row++) {
        int[] values = band.row(row);
        int start = channel * area + row * values.length;
        for (int column = 0; column < values.length; column++) {
          pixels[start + column] = (byte) values[column];
        }
      }
    }
    return pixels;
  }

  /** {@code [1, height, width]}: luma (19595 R + 38470 G + 7471 B + 32768) / 65536, as Pillow's. */
  private static byte[] grey(BufferedImage image) {
    byte[] pixels = new byte[image.getWidth() * image.getHeight()];
    Band reds = Band.of(image, 0);
    Band greens = Band.of(image, 1);
    Band blues = Band.of(image, 2);
    for (int row = 0; row < image.getHeight(); row++) {
      int[] red = reds.row(row);
      int[] green = greens.row(row);
      int[] blue = blues.row(row);
      for (int x = 0; x < red.length; x++) {
        int luma = (19595 * red[x] + 38470 * green[x] + 7471 * blue[x] + 32768) >> 16;
        pixels[row * red.length + x] = (byte) luma;
      }
    }
    return pixels;
  }

  /** Red (0), green (1) or blue (2) of an image as stored, row by row, from 0 to 255. */
  private interface Band {
    int[] row(int y);

    static Band of(BufferedImage image, int channel) {
      int width = image.getWidth();
      ColorModel colours = image.getColorModel();
      Raster raster = image.getRaster();
      if (colours instanceof IndexColorModel palette) {
        int[] values = new int[palette.getMapSize()];
        for (int i = 0; i < values.length; i++) {
          values[i] = palette.getRGB(i) >> (16 - 8 * channel) & 0xff;
        }
        return y -> {
          int[] row = raster.getSamples(0, y, width, 1, 0, (int[]) null);
          for (int x = 0; x < width; x++) {
            row[x] = values[row[x]];
          }
          return row;
        };
      }
      // Not BufferedImage.getRGB: it would change grey values, which Java takes as linear light.
      int band = colours.getNumColorComponents() == 1 ? 0 : channel;
      int excessBits = colours.getComponentSize(band) - 8;
      return y -> {
        int[] row = raster.getSamples(0, y, width, 1, band, (int[]) null);
        for (int x = 0; x < width; x++) {
          row[x] >>= excessBits;
        }
        return row;
      };
    }
  }

  private static UserException unreadable(Object where, Exception cause) {
    String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new UserException(
        "%s: the image is damaged or unsupported (%s); remove or replace it"
            .formatted(where, reason.lines().findFirst().orElse("")),
        cause);
  }
}
