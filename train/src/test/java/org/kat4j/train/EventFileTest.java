package org.kat4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kat4j.data.ImageSet;
import org.kat4j.image.Picture;

/** Reads event files by a decoder of its own: sums by polynomial division, fields one by one. */
class EventFileTest {
  private static final int POLYNOMIAL = 0x82F63B78; // Castagnoli, bits reversed

  @TempDir private Path folder = Path.of("");

  private static int crc(byte[] bytes) {
    int sum = -1;
    for (byte b : bytes) {
      sum ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        sum = (sum & 1) == 0 ? sum >>> 1 : sum >>> 1 ^ POLYNOMIAL;
      }
    }
    return ~sum;
  }

  private static int unmasked(int masked) {
    int rotated = masked - 0xa282ead8;
    return rotated << 15 | rotated >>> 17;
  }

  /** The protobuf messages of all records, each field as its raw values. */
  private static List<Map<Integer, List<Object>>> records(Path file) throws IOException {
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    var records = new ArrayList<Map<Integer, List<Object>>>();
    while (all.hasRemaining()) {
      byte[] length = new byte[8];
      all.get(length);
      assertThat(unmasked(all.getInt())).isEqualTo(crc(length));
      byte[] data =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      all.get(data);
      assertThat(unmasked(all.getInt())).isEqualTo(crc(data));
      records.add(fields(data));
    }
    return records;
  }

  private static Map<Integer, List<Object>> fields(byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    var fields = new LinkedHashMap<Integer, List<Object>>();
    while (in.hasRemaining()) {
      long key = varint(in);
      Object value =
          switch ((int) (key & 7)) {
            case 0 -> varint(in);
            case 1 -> in.getDouble();
            case 5 -> in.getFloat();
            default -> {
              byte[] bytes = new byte[(int) varint(in)];
              in.get(bytes);
              yield bytes;
            }
          };
      fields.computeIfAbsent((int) (key >> 3), k -> new ArrayList<>()).add(value);
    }
    return fields;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }

  private static Map<Integer, List<Object>> message(Map<Integer, List<Object>> in, int field) {
    return fields((byte[]) in.getOrDefault(field, List.of()).getFirst());
  }

  private static Object one(Map<Integer, List<Object>> in, int field) {
    return in.getOrDefault(field, List.of()).getFirst();
  }

  private static String tag(Map<Integer, List<Object>> record) {
    return new String((byte[]) one(value(record), 1), StandardCharsets.UTF_8);
  }

  private static Map<Integer, List<Object>> value(Map<Integer, List<Object>> record) {
    return message(message(record, 5), 1);
  }

  private static double[] doubles(Map<Integer, List<Object>> in, int field) {
    ByteBuffer packed = ByteBuffer.wrap((byte[]) one(in, field)).order(ByteOrder.LITTLE_ENDIAN);
    double[] values = new double[packed.remaining() / 8];
    packed.asDoubleBuffer().get(values);
    return values;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      return found.sorted().toList();
    }
  }

  @Test
  void anIndependentDecoderReadsWhatWasWritten() throws IOException {
    byte[] pixels = {0, 50, 100, (byte) 150, (byte) 200, (byte) 255};
    try (var file = new EventFile(folder)) {
      file.scalar("loss", 300, .25);
      file.histogram("w", 7, new double[] {-1, 0, 0, 2, Double.NaN});
      file.histogram("same", 7, new double[] {3, 3});
      file.image("first", 0, new Picture(1, 2, 3, pixels));
    }
    var records = records(files(folder).getFirst());
    assertThat(records).hasSize(5);
    assertThat(one(records.getFirst(), 3))
        .isEqualTo("brain.Event:2".getBytes(StandardCharsets.UTF_8));

    assertThat(tag(records.get(1))).isEqualTo("loss");
    assertThat(one(records.get(1), 2)).isEqualTo(300L);
    assertThat(one(value(records.get(1)), 2)).isEqualTo(.25f);

    var histogram = message(value(records.get(2)), 5);
    assertThat(
            List.of(
                one(histogram, 1),
                one(histogram, 2),
                one(histogram, 3),
                one(histogram, 4),
                one(histogram, 5)))
        .isEqualTo(List.of(-1., 2., 4., 1., 5.));
    double[] limits = doubles(histogram, 6);
    double[] counts = doubles(histogram, 7);
    assertThat(counts).hasSameSizeAs(limits);
    assertThat(java.util.Arrays.stream(counts).sum()).isEqualTo(4);
    assertThat(limits).isSorted();
    assertThat(limits[limits.length - 1]).isCloseTo(2, within(1e-12));
    double[] alike = doubles(message(value(records.get(3)), 5), 7);
    assertThat(java.util.Arrays.stream(alike).sum()).isEqualTo(2);

    var image = message(value(records.get(4)), 4);
    assertThat(List.of(one(image, 1), one(image, 2))).isEqualTo(List.of(2L, 3L));
    var decoded = ImageIO.read(new ByteArrayInputStream((byte[]) one(image, 4)));
    assertThat(decoded.getRGB(1, 1) & 0xffffff).isEqualTo(0xc8c8c8);
  }

  @Test
  void aRunWritesEventsAndAResumedOneAnotherFile() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("run"));
    Trainer stopped = TinyRun.start(TinyRun.config(), run);
    stopped.stopAfter(3);
    stopped.run(Monitor.SILENT);
    TinyRun.resume(run).run(Monitor.SILENT);

    List<Path> files = files(run.events());
    assertThat(files).hasSize(2);
    List<String> first =
        records(files.getFirst()).stream().skip(1).map(EventFileTest::tag).toList();
    ImageSet images = TinyRun.data().train();
    assertThat(first.subList(0, images.classNames().size()))
        .allMatch(tag -> tag.startsWith("images/"));
    var second = records(files.getLast()).stream().skip(1).toList();
    assertThat(second).noneMatch(record -> tag(record).startsWith("images/"));
    List<Object> top1 =
        second.stream()
            .filter(r -> tag(r).equals("epoch/top1"))
            .map(r -> one(value(r), 2))
            .toList();
    List<Object> logged =
        MetricsLog.read(run.metrics()).stream()
            .map(line -> (Object) (float) line.score("top1"))
            .toList();
    assertThat(top1).isEqualTo(logged).hasSize(3);
    assertThat(second)
        .anyMatch(record -> tag(record).equals("parameters/blocks.0.mlp.act2.weight_denominator"));
  }

  @Test
  void aLineStillBeingWrittenIsNotRead() throws IOException {
    RunFolder run = TinyRun.train(folder.resolve("half"));
    String whole = Files.readString(run.metrics());
    Files.writeString(run.metrics(), whole + "{\"epoch\": 4, \"upd");
    assertThat(MetricsLog.read(run.metrics()))
        .hasSize(3)
        .extracting(MetricsLog.Line::epoch)
        .containsExactly(1, 2, 3);
    assertThat(MetricsLog.read(folder.resolve("none"))).isEmpty();
  }
}
