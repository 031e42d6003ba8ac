package org.kat4j.torch;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.function.Consumer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** The raw memory of a CPU tensor, and its way from and to a file without a copy between. */
final class TensorBytes {
  // A ByteBuffer cannot be longer than an int; larger tensors travel in pieces.
  private static final long PIECE = 1L << 30;

  private TensorBytes() {}

  /** The memory of a contiguous CPU tensor; valid as long as the tensor is. */
  static MemorySegment of(Tensor contiguous) {
    long bytes = contiguous.nbytes();
    return bytes == 0
        ? MemorySegment.NULL
        : MemorySegment.ofAddress(contiguous.data_ptr().address()).reinterpret(bytes);
  }

  /** A contiguous CPU tensor of arbitrary content; it belongs to the caller's innermost scope. */
  static Tensor allocate(ElementType type, long... shape) {
    // Closed by hand: the tensor must not die with a scope of ours.
    try (ScalarTypeOptional scalarType = new ScalarTypeOptional(type.scalarType());
        TensorOptions plain = new TensorOptions();
        TensorOptions options = plain.dtype(scalarType);
        MemoryFormatOptional anyFormat = new MemoryFormatOptional()) {
      return torch.empty(shape, options, anyFormat);
    }
  }

  /** Whether all bytes are 0 or 1: another C++ bool is undefined behaviour waiting to happen. */
  static boolean areBooleans(MemorySegment memory) {
    for (long i = 0; i < memory.byteSize(); i++) {
      if ((memory.get(ValueLayout.JAVA_BYTE, i) & 0xfe) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Fills {@code target} from {@code position} on; the file must be long enough. */
  static void read(FileChannel channel, long position, MemorySegment target) throws IOException {
    for (long done = 0; done < target.byteSize(); ) {
      int count = channel.read(piece(target, done), position + done);
      if (count < 0) {
        throw new EOFException("it ended early: the file shrank while it was read");
      }
      done += count;
    }
  }

  /** Appends {@code source} at the channel's position. */
  static void write(FileChannel channel, MemorySegment source) throws IOException {
    for (long done = 0; done < source.byteSize(); ) {
      done += channel.write(piece(source, done));
    }
  }

  /** Hands over all bytes, one buffer after another. */
  static void forEachPiece(MemorySegment source, Consumer<ByteBuffer> consumer) {
    for (long done = 0; done < source.byteSize(); done += PIECE) {
      consumer.accept(piece(source, done));
    }
  }

  private static ByteBuffer piece(MemorySegment segment, long from) {
    return segment.asSlice(from, Math.min(PIECE, segment.byteSize() - from)).asByteBuffer();
  }
}
