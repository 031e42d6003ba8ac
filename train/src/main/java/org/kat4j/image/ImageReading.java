package org.kat4j.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.kat4j.error.UserException;
import org.kat4j.image.webp.Webp;

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

  /** Rows and columns of an image. */
  public record Size(int height, int width) {}

  private interface Decoding<T> {
    T run() throws IOException;
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
    byte[] content =
        orRefused(
            image,
            () -> {
              checkFile(image);
              return Files.readAllBytes(image);
            });
    return decode(content, image, channels, upright);
  }

  /** Decodes an image in memory; {@code where} names it in errors. */
  public static Picture decode(byte[] content, Object where, int channels, boolean upright) {
    return decode(content, where, channels, upright, DecodingLimit.standard());
  }

  /** The same with a limit of time of one's own. */
  public static Picture decode(
      byte[] content, Object where, int channels, boolean upright, DecodingLimit limit) {
    Picture picture =
        orRefused(
            where,
            () ->
                switch (format(content, where)) {
                  case PNG -> png(content, where, limit);
                  case JPEG -> jpeg(content, where, upright, limit);
                  case WEBP -> webp(content, where, limit);
                });
    return inChannels(picture, channels);
  }

  private static Picture png(byte[] content, Object where, DecodingLimit limit) throws IOException {
    return PlatformDecoder.with(
        new ImageBytes(content, limit),
        ImageFormat.PNG,
        limit,
        reader -> {
          checked(size(reader), where);
          return StoredColors.picture(reader.read(0));
        });
  }

  private static Picture jpeg(byte[] content, Object where, boolean upright, DecodingLimit limit)
      throws IOException {
    JpegScans scans = JpegScans.of(content);
    JpegHeader header = JpegHeader.of(content);
    Picture stored =
        PlatformDecoder.with(
            new ImageBytes(scans.file(), limit),
            ImageFormat.JPEG,
            limit,
            reader -> {
              Size size = checked(size(reader), where);
              scans.checkWork((long) size.height() * size.width());
              ImageReadParam last = reader.getDefaultReadParam();
              // Else the whole picture would be rendered after each scan.
              last.setSourceProgressivePasses(scans.scans(), Integer.MAX_VALUE);
              return JpegColors.picture(reader.readRaster(0, last), header);
            });
    return upright ? Orientation.upright(stored, header.orientation()) : stored;
  }

  private static Picture webp(byte[] content, Object where, DecodingLimit limit)
      throws IOException {
    checked(new Size(Webp.height(content), Webp.width(content)), where);
    Webp.Pixels pixels = Webp.decode(content, limit::check);
    return StoredColors.picture(pixels);
  }

  /** The size that the header of the file states, which was checked against the largest allowed. */
  public static Size size(Path image) {
    return orRefused(
        image,
        () -> {
          checkFile(image);
          try (FileImageInputStream content = new FileImageInputStream(image.toFile())) {
            return size(content, image);
          }
        });
  }

  /** The same of an image in memory; {@code where} names it in errors. */
  public static Size size(byte[] image, Object where) {
    return orRefused(where, () -> size(new ImageBytes(image, DecodingLimit.standard()), where));
  }

  private static Size size(ImageInputStream content, Object where) throws IOException {
    byte[] start = new byte[Webp.HEADER_BYTES];
    int read = 0;
    for (int count = 0; count >= 0 && read < start.length; read += Math.max(0, count)) {
      count = content.read(start, read, start.length - read);
    }
    content.seek(0);
    byte[] head = Arrays.copyOf(start, read);
    return checked(
        switch (format(head, where)) {
          case PNG ->
              PlatformDecoder.with(
                  content, ImageFormat.PNG, DecodingLimit.standard(), ImageReading::size);
          case JPEG -> JpegHeader.size(content);
          case WEBP -> new Size(Webp.height(head), Webp.width(head));
        },
        where);
  }

  private static void checkFile(Path image) throws IOException {
    if (!Files.isRegularFile(image)) {
      String what = Files.exists(image) ? ": a folder or device" : ": no such file";
      throw new UserException(image + what + "; give the path of a PNG, JPEG or WebP image");
    }
    if (Files.size(image) > MOST_FILE_BYTES) {
      throw new UserException(
          "%s: a file of %d MiB is too large for an image; remove or replace it"
              .formatted(image, Files.size(image) >> 20));
    }
  }

  private static ImageFormat format(byte[] start, Object where) {
    return ImageFormat.of(start)
        .orElseThrow(() ->
            new UserException(where + ": not a PNG, JPEG or WebP image; remove or convert it"));
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

  private static <T> T orRefused(Object where, Decoding<T> decoding) {
    try {
      return decoding.run();
    } catch (UserException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // The decoders of the platform answer some damaged files with index or argument errors.
      throw unreadable(where, e);
    } catch (OutOfMemoryError e) {
      throw new UserException(
          where + ": there is no memory to decode it; remove it, or raise Java's heap (-Xmx)", e);
    }
  }

  private static Size size(ImageReader reader) throws IOException {
    return new Size(reader.getHeight(0), reader.getWidth(0));
  }

  private static Size checked(Size size, Object where) {
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
