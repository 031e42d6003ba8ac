package org.kat4j.torch;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.bytedeco.pytorch.Tensor;

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

  private static ByteBuffer piece(MemorySegment segment, long from) {
    return segment.asSlice(from, Math.min(PIECE, segment.byteSize() - from)).asByteBuffer();
  }
}
