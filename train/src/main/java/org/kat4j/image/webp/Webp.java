package org.kat4j.image.webp;

import java.io.IOException;
import java.util.Arrays;

/**
 * Decodes WebP files: lossless, lossy, and of an animation the first frame on its canvas.
 * Transparency is read over: colours are those stored under it.
 *
 * <p>Pixels are those of libwebp, its smooth upsampling of colour included. Work and memory are
 * bounded by the pixels that the header states; a file that ends too early is refused, never made
 * up. Source: RFC 9649 (container, lossless), RFC 6386 (lossy).
 */
public final class Webp {
  /** So many bytes at the start of a file tell its size. */
  public static final int HEADER_BYTES = 30;

  private static final int LOSSY = fourCharacters("VP8 ");
  private static final int LOSSLESS = fourCharacters("VP8L");
  private static final int EXTENDED = fourCharacters("VP8X");
  private static final int FRAME = fourCharacters("ANMF");
  private static final int ANIMATED = 0x02;
  private static final int FRAME_HEADER = 16;

  /** Told of each row that is done; what it throws ends the decoding. */
  public interface Progress {
    /** Another row, or as much work as that. */
    void row() throws IOException;
  }

  /**
   * A decoded picture.
   *
   * @param argb row by row; the uppermost byte means nothing
   */
  @SuppressWarnings("ArrayRecordComponent") // only carries the pixels, is never compared
  public record Pixels(int width, int height, int[] argb) {}

  private record Size(int width, int height) {}

  private final byte[] file;
  private final Progress progress;

  private Webp(byte[] file, Progress progress) {
    this.file = file;
    this.progress = progress;
  }

  /** The width that the first {@link #HEADER_BYTES} of a file state. */
  public static int width(byte[] start) throws IOException {
    return new Webp(start, () -> {}).canvas().width;
  }

  /** The height that the first {@link #HEADER_BYTES} of a file state. */
  public static int height(byte[] start) throws IOException {
    return new Webp(start, () -> {}).canvas().height;
  }

  /**
   * The picture of a whole file.
   *
   * @throws IOException when it is damaged or ends too early
   */
  public static Pixels decode(byte[] file, Progress progress) throws IOException {
    return new Webp(file, progress).picture();
  }

  private Pixels picture() throws IOException {
    Size canvas = canvas();
    long end = 8 + integer(4);
    if (end > file.length) {
      throw new IOException("it ends too early");
    }
    if (integer(12) != EXTENDED) {
      return frame(12, (int) end, canvas);
    }
    boolean animated = (file[20] & ANIMATED) != 0;
    int at = find(12, (int) end, animated ? new int[] {FRAME} : new int[] {LOSSY, LOSSLESS});
    return animated ? firstFrame(at, (int) end, canvas) : frame(at, (int) end, canvas);
  }

  /** The first frame in its place on a canvas without colour, as libwebp's animation decoder. */
  private Pixels firstFrame(int at, int limit, Size canvas) throws IOException {
    int header = at + 8;
    int end = end(at, limit);
    require(end - header >= FRAME_HEADER, "its frame has no header");
    int left = 2 * threeBytes(header);
    int top = 2 * threeBytes(header + 3);
    Size size = new Size(threeBytes(header + 6) + 1, threeBytes(header + 9) + 1);
    require(
        left + size.width <= canvas.width && top + size.height <= canvas.height,
        "its frame reaches over the canvas");
    int chunk = find(header + FRAME_HEADER, end, LOSSY, LOSSLESS);
    Pixels frame = frame(chunk, end, size);
    int[] argb = new int[Math.multiplyExact(canvas.width, canvas.height)];
    for (int row = 0; row < size.height; row++) {
      System.arraycopy(
          frame.argb, row * size.width, argb, (top + row) * canvas.width + left, size.width);
    }
    return new Pixels(canvas.width, canvas.height, argb);
  }

  /** The picture in the chunk at {@code at}, which has to have the size known already. */
  private Pixels frame(int at, int limit, Size expected) throws IOException {
    int end = end(at, limit);
    Size size = size(at);
    require(size.equals(expected), "its picture has another size than its canvas");
    int[] argb =
        integer(at) == LOSSLESS
            ? Lossless.decode(new BitReader(file, at + 13, end), size.width, size.height, progress)
            : Lossy.decode(file, at + 8, end, size.width, size.height, progress);
    return new Pixels(size.width, size.height, argb);
  }

  private Size canvas() throws IOException {
    require(file.length >= 21, "it ends too early");
    if (integer(12) == EXTENDED) {
      require(file.length >= HEADER_BYTES, "it ends too early");
      return new Size(threeBytes(24) + 1, threeBytes(27) + 1);
    }
    return size(12);
  }

  /** The size that the picture in the chunk at {@code at} states. */
  private Size size(int at) throws IOException {
    long type = integer(at);
    require(type == LOSSY || type == LOSSLESS, "it holds no picture");
    require(at + (type == LOSSY ? 18 : 13) <= file.length, "it ends too early");
    int start = at + 8;
    if (type == LOSSLESS) {
      require(file[start] == 0x2f, "its lossless picture has no signature");
      long bits = integer(start + 1);
      require(bits >>> 29 == 0, "its lossless picture is of an unknown version");
      return new Size((int) (bits & 0x3fff) + 1, (int) (bits >> 14 & 0x3fff) + 1);
    }
    require(
        threeBytes(start + 3) == (0x9d | 0x01 << 8 | 0x2a << 16),
        "its lossy picture has no signature");
    long sides = integer(start + 6);
    Size size = new Size((int) (sides & 0x3fff), (int) (sides >> 16 & 0x3fff));
    require(size.width > 0 && size.height > 0, "it has no pixels");
    return size;
  }

  /** Where the first chunk of one of the types begins. */
  private int find(int from, int limit, int... types) throws IOException {
    for (int at = from; at + 8 <= limit; at = end(at, limit) + (end(at, limit) - at & 1)) {
      int type = (int) integer(at);
      if (Arrays.stream(types).anyMatch(wanted -> wanted == type)) {
        return at;
      }
    }
    throw new IOException("it holds no picture");
  }

  /** Where the content of the chunk at {@code at} ends. */
  private int end(int at, int limit) throws IOException {
    require(at + 8 <= limit, "it ends too early");
    long end = at + 8 + integer(at + 4);
    require(end <= limit, "it ends too early");
    return (int) end;
  }

  private static void require(boolean condition, String otherwise) throws IOException {
    if (!condition) {
      throw new IOException(otherwise);
    }
  }

  private static int fourCharacters(String type) {
    return type.charAt(0) | type.charAt(1) << 8 | type.charAt(2) << 16 | type.charAt(3) << 24;
  }

  private int threeBytes(int at) {
    return file[at] & 0xff | (file[at + 1] & 0xff) << 8 | (file[at + 2] & 0xff) << 16;
  }

  /** Four bytes, without sign. */
  private long integer(int at) {
    return threeBytes(at) | (file[at + 3] & 0xffL) << 24;
  }
}
