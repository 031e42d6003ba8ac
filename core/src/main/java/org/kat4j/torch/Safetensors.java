package org.kat4j.torch;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/**
 * An open safetensors file: named tensors and string metadata, read one by one on demand.
 *
 * <p>The whole header is checked on opening, so a file that opens has a sound layout: ranges that
 * tile the data, sizes that agree with shapes. Tensors are read straight into their memory; unlike
 * a memory map, which would end the process, a file cut short meanwhile gives a {@link
 * UserException}. May be used by several threads at once.
 *
 * <p>Source: the safetensors format.
 */
public final class Safetensors implements TensorFile {
  private static final int LENGTH_BYTES = 8;

  private final Path file;
  private final FileChannel channel;
  private final SafetensorsHeader header;
  private final long dataStart;

  /**
   * Where one tensor lies.
   *
   * @param name name in the file
   * @param type element type
   * @param shape sizes, empty for a scalar; row-major
   * @param begin first byte, relative to the start of the data
   * @param end byte after the last, relative to the start of the data
   */
  @SuppressWarnings("ArrayRecordComponent") // copied in and out, compared by content
  public record Entry(String name, ElementType type, long[] shape, long begin, long end) {
    public Entry {
      shape = shape.clone();
    }

    @Override
    public long[] shape() {
      return shape.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Entry that
          && name.equals(that.name)
          && type == that.type
          && Arrays.equals(shape, that.shape)
          && begin == that.begin
          && end == that.end;
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, type, Arrays.hashCode(shape), begin, end);
    }
  }

  private Safetensors(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    long size = channel.size();
    if (size < LENGTH_BYTES) {
      throw SafetensorsHeader.invalid(file, "it has only " + size + " bytes");
    }
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    TensorBytes.read(channel, 0, MemorySegment.ofBuffer(length));
    long headerBytes = length.getLong(0);
    if (headerBytes < 0
        || headerBytes > SafetensorsHeader.MAX_BYTES
        || headerBytes > size - LENGTH_BYTES) {
      throw SafetensorsHeader.invalid(
          file,
          "its header would take %s bytes; the file has %d and the format allows %d"
              .formatted(Long.toUnsignedString(headerBytes), size, SafetensorsHeader.MAX_BYTES));
    }
    byte[] json = new byte[(int) headerBytes];
    TensorBytes.read(channel, LENGTH_BYTES, MemorySegment.ofArray(json));
    this.dataStart = LENGTH_BYTES + headerBytes;
    this.header = new SafetensorsHeader(file, json, size - dataStart);
  }

  /**
   * Opens a file and checks its whole header.
   *
   * @throws UserException when there is no such file, it cannot be read, or it is not valid
   */
  public static Safetensors open(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new UserException("cannot read " + file + ": it is a folder or device, not a file");
    }
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        return new Safetensors(file, channel);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Writes tensors so that the file appears complete or not at all.
   *
   * <p>The bytes depend on the content alone: larger elements first, then by name; data aligned to
   * 8 bytes. Tensors may live on any device and need not be contiguous.
   *
   * @throws UserException when the file cannot be written, or an element type or name is not the
   *     format's
   */
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    SafetensorsWriter.write(file, tensors, metadata);
  }

  @Override
  public Path file() {
    return file;
  }

  /** The file's own notes; empty if it has none. */
  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  @Override
  public List<String> names() {
    return List.copyOf(header.entries().keySet());
  }

  @Override
  public boolean contains(String name) {
    return header.entries().containsKey(name);
  }

  @Override
  public ElementType type(String name) {
    return entry(name).type();
  }

  @Override
  public long[] shape(String name) {
    return entry(name).shape();
  }

  /**
   * Type, shape and place of a tensor.
   *
   * @throws UserException when the file has no tensor of this name
   */
  public Entry entry(String name) {
    Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new UserException(
          "%s has no tensor '%s' (it has %d, e.g. %s)"
              .formatted(
                  file,
                  SafetensorsHeader.printable(name),
                  header.entries().size(),
                  SafetensorsHeader.printable(
                      String.join(", ", names().subList(0, Math.min(3, names().size()))))));
    }
    return entry;
  }

  @Override
  public Tensor read(String name) {
    Entry entry = entry(name);
    Tensor tensor = TensorBytes.allocate(entry.type(), entry.shape());
    try {
      MemorySegment memory = TensorBytes.of(tensor);
      TensorBytes.read(channel, dataStart + entry.begin(), memory);
      if (entry.type() == ElementType.BOOL && !TensorBytes.areBooleans(memory)) {
        throw SafetensorsHeader.invalid(
            file,
            SafetensorsHeader.printable("tensor '" + name + "' holds a BOOL other than 0 and 1"));
      }
      return tensor;
    } catch (IOException e) {
      tensor.close();
      throw unreadable(file, e);
    } catch (UserException e) {
      tensor.close();
      throw e;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static long[] shape(Tensor tensor) {
    long[] shape = new long[(int) tensor.dim()];
    Arrays.setAll(shape, tensor::size);
    return shape;
  }

  private static UserException unreadable(Path file, IOException e) {
    return new UserException("cannot read " + file + ": " + AtomicFile.reason(e), e);
  }
}
