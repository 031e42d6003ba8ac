package org.kat4j.train;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.kat4j.image.Picture;
import org.kat4j.image.Png;

/**
 * An event file as TensorBoard reads it: scalars, histograms and images over the steps of a run.
 *
 * <p>Each record is its length, a masked CRC-32C of that, one protobuf {@code Event}, and a masked
 * CRC-32C of it; a record is written whole, so that a killed process leaves at most one that a
 * reader drops. Source: TensorFlow's {@code record_writer} and {@code event.proto}, {@code
 * summary.proto}.
 */
final class EventFile implements Closeable {
  private static final int MASK = 0xa282ead8;
  private static final int BINS = 30;

  private final FileChannel channel;

  /** A new file in a folder; a process that goes on with a run writes one of its own. */
  EventFile(Path folder) throws IOException {
    Files.createDirectories(folder);
    channel =
        FileChannel.open(unused(folder), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    write(event(0).text(3, "brain.Event:2"));
  }

  /** Readers order files by the time in their names. */
  private static Path unused(Path folder) {
    long seconds = System.currentTimeMillis() / 1000;
    while (true) {
      Path file =
          folder.resolve(String.format(Locale.ROOT, "events.out.tfevents.%010d.kat4j", seconds));
      if (!Files.exists(file)) {
        return file;
      }
      seconds++;
    }
  }

  void scalar(String tag, long step, double value) throws IOException {
    summary(step, new Message().text(1, tag).float32(2, (float) value));
  }

  /** How values are distributed, in bins of equal width from the least to the largest. */
  void histogram(String tag, long step, double[] values) throws IOException {
    double[] finite = Arrays.stream(values).filter(Double::isFinite).toArray();
    if (finite.length == 0) {
      return;
    }
    double least = Arrays.stream(finite).min().orElseThrow();
    double most = Arrays.stream(finite).max().orElseThrow();
    double width =
        Math.max((most - least) / BINS, Math.ulp(Math.max(Math.abs(least), Math.abs(most))) * 2);
    double[] counts = new double[BINS];
    for (double value : finite) {
      counts[(int) Math.min(BINS - 1, (value - least) / width)]++;
    }
    double[] limits = new double[BINS]; // right ends
    Arrays.setAll(
        limits,
        i -> i == BINS - 1 ? Math.max(most, least + BINS * width) : least + (i + 1) * width);
    Message histogram =
        new Message()
            .float64(1, least)
            .float64(2, most)
            .float64(3, finite.length)
            .float64(4, Arrays.stream(finite).sum())
            .float64(5, Arrays.stream(finite).map(v -> v * v).sum())
            .float64s(6, limits)
            .float64s(7, counts);
    summary(step, new Message().text(1, tag).message(5, histogram));
  }

  void image(String tag, long step, Picture picture) throws IOException {
    Message image =
        new Message()
            .integer(1, picture.height())
            .integer(2, picture.width())
            .integer(3, 3)
            .bytes(4, Png.encode(picture));
    summary(step, new Message().text(1, tag).message(4, image));
  }

  private void summary(long step, Message value) throws IOException {
    write(event(step).message(5, new Message().message(1, value)));
  }

  private static Message event(long step) {
    return new Message().float64(1, System.currentTimeMillis() / 1e3).integer(2, step);
  }

  private void write(Message event) throws IOException {
    byte[] data = event.bytes.toByteArray();
    ByteBuffer record = ByteBuffer.allocate(16 + data.length).order(ByteOrder.LITTLE_ENDIAN);
    record
        .putLong(data.length)
        .putInt(masked(record.array(), 8))
        .put(data)
        .putInt(masked(data, data.length));
    record.flip();
    while (record.hasRemaining()) {
      channel.write(record);
    }
  }

  private static int masked(byte[] bytes, int length) {
    var sum = new CRC32C();
    sum.update(bytes, 0, length);
    return Integer.rotateRight((int) sum.getValue(), 15) + MASK;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** A protobuf message, field by field. */
  private static final class Message {
    private static final int VARINT = 0;
    private static final int FIXED_64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED_32 = 5;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Message integer(int field, long value) {
      key(field, VARINT);
      varint(value);
      return this;
    }

    Message float64(int field, double value) {
      key(field, FIXED_64);
      bytes.writeBytes(buffer(8).putDouble(value).array());
      return this;
    }

    Message float32(int field, float value) {
      key(field, FIXED_32);
      bytes.writeBytes(buffer(4).putFloat(value).array());
      return this;
    }

    Message float64s(int field, double[] values) {
      ByteBuffer packed = buffer(8 * values.length);
      packed.asDoubleBuffer().put(values);
      return bytes(field, packed.array());
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.bytes.toByteArray());
    }

    Message bytes(int field, byte[] value) {
      key(field, LENGTH);
      varint(value.length);
      bytes.writeBytes(value);
      return this;
    }

    private void key(int field, int type) {
      varint((long) field << 3 | type);
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        bytes.write((int) (rest & 0x7f | 0x80));
        rest >>>= 7;
      }
      bytes.write((int) rest);
    }

    private static ByteBuffer buffer(int size) {
      return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}
