package org.kat4j.torch;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.torch.Safetensors.Entry;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Lays tensors out as a safetensors file and writes it in one step. */
final class SafetensorsWriter {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int LENGTH_BYTES = 8;
  private static final int ALIGNMENT = 8;

  private SafetensorsWriter() {}

  static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    List<Entry> entries = layout(file, tensors);
    ByteBuffer head = head(file, entries, metadata);
    AtomicFile.write(
        file,
        channel -> {
          TensorBytes.write(channel, MemorySegment.ofBuffer(head));
          for (Entry entry : entries) {
            try (PointerScope scope = new PointerScope()) {
              Tensor source = Objects.requireNonNull(tensors.get(entry.name())).detach();
              Tensor plain = source.cpu().resolve_conj().resolve_neg().contiguous();
              TensorBytes.write(channel, TensorBytes.of(plain));
            }
          }
        });
  }

  /** Largest elements first, so that with an aligned start every tensor is aligned; then names. */
  private static List<Entry> layout(Path file, Map<String, Tensor> tensors) {
    List<Entry> unplaced = new ArrayList<>();
    tensors.forEach((name, tensor) -> unplaced.add(unplaced(file, name, tensor)));
    unplaced.sort(Comparator.comparing(Entry::type).reversed().thenComparing(Entry::name));
    List<Entry> placed = new ArrayList<>();
    long begin = 0;
    for (Entry entry : unplaced) {
      long end = begin + entry.end();
      placed.add(new Entry(entry.name(), entry.type(), entry.shape(), begin, end));
      begin = end;
    }
    return placed;
  }

  private static Entry unplaced(Path file, String name, Tensor tensor) {
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw new UserException(
          "cannot write " + file + ": a tensor cannot be named " + name + "; rename it");
    }
    ElementType type =
        ElementType.of(tensor.scalar_type())
            .orElseThrow(() ->
                new UserException(
                    "cannot write %s: tensor '%s' has element type %s; safetensors has no such type, convert it"
                        .formatted(file, name, tensor.scalar_type())));
    return new Entry(name, type, Safetensors.shape(tensor), 0, tensor.numel() * type.bytes());
  }

  /** The length, the JSON header, and spaces up to the alignment. */
  private static ByteBuffer head(Path file, List<Entry> entries, Map<String, String> metadata) {
    byte[] json = json(entries, metadata);
    int padding = Math.floorMod(-json.length, ALIGNMENT);
    int length = json.length + padding;
    if (length > SafetensorsHeader.MAX_BYTES) {
      throw new UserException(
          "cannot write %s: names and metadata take %d bytes, the format allows %d"
              .formatted(file, length, SafetensorsHeader.MAX_BYTES));
    }
    ByteBuffer head = ByteBuffer.allocate(LENGTH_BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(length).put(json).put(" ".repeat(padding).getBytes(StandardCharsets.US_ASCII));
    return head.flip();
  }

  private static byte[] json(List<Entry> entries, Map<String, String> metadata) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectPropertyStart(SafetensorsHeader.METADATA);
        new TreeMap<>(metadata).forEach(json::writeStringProperty);
        json.writeEndObject();
      }
      for (Entry entry : entries) {
        json.writeObjectPropertyStart(entry.name());
        json.writeStringProperty("dtype", entry.type().name());
        json.writeName("shape");
        json.writeArray(entry.shape(), 0, entry.shape().length);
        json.writeName("data_offsets");
        json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }
}
