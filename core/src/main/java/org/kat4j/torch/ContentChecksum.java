package org.kat4j.torch;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.bytedeco.pytorch.Tensor;

/**
 * A checksum of texts and tensors in the order in which they are added: CRC-32C, so that it is
 * never the same after up to 32 bits in a row have changed. It finds damage, not forgery.
 */
public final class ContentChecksum {
  private final CRC32C sum = new CRC32C();

  /** Adds a text. */
  public ContentChecksum add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length); // else "ab", "c" were "a", "bc"
    sum.update(bytes);
    return this;
  }

  /** Adds a tensor of any device: name, type, shape and content. */
  public ContentChecksum add(String name, Tensor tensor) {
    try (Scope _ = Scope.open()) {
      Tensor plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous();
      add(name);
      add(ElementType.of(plain.scalar_type()).map(Enum::name).orElse(""));
      add(Arrays.toString(Safetensors.shape(plain)));
      MemorySegment memory = TensorBytes.of(plain);
      number(memory.byteSize());
      TensorBytes.forEachPiece(memory, sum::update);
    }
    return this;
  }

  private void number(long value) {
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      sum.update((int) (value >>> shift) & 0xff);
    }
  }

  /** The sum so far, eight hexadecimal digits. */
  @Override
  public String toString() {
    return HexFormat.of().toHexDigits((int) sum.getValue());
  }
}
