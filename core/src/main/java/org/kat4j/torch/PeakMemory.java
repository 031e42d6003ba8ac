package org.kat4j.torch;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * The most memory in use since a moment: on a GPU that of its tensors, on the CPU all resident
 * memory of this process.
 */
public final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR_REFS = Path.of("/proc/self/clear_refs");
  private static final String FORGET_PEAK = "5"; // man 5 proc_pid_clear_refs

  private PeakMemory() {}

  /** Starts anew; on the CPU, freed memory first goes back to the system. */
  public static void reset(Device device) {
    if (device.type() == Device.Type.CUDA) {
      startAllocator(device);
      allocator().resetPeakStats((byte) device.index());
      return;
    }
    trim();
    try {
      Files.writeString(CLEAR_REFS, FORGET_PEAK);
    } catch (IOException unavailable) {
      // bytes() says so
    }
  }

  /** The peak in bytes, -1 where the system does not say. */
  public static long bytes(Device device) {
    if (device.type() == Device.Type.CUDA) {
      try (var statistics = allocator().getDeviceStats((byte) device.index());
          var allocated = statistics.allocated_bytes()) {
        return allocated.peak();
      }
    }
    if (!Files.isWritable(CLEAR_REFS)) {
      return -1;
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(-1);
    } catch (IOException unavailable) {
      return -1;
    }
  }

  /** Before the first tensor of a process the allocator knows of no device. */
  private static void startAllocator(Device device) {
    try (Scope _ = Scope.open()) {
      torch.zeros(1).to(device.toTorch(), ScalarType.Float);
    }
  }

  private static CUDAAllocator allocator() {
    return torch_cuda.getAllocator();
  }

  private static void trim() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find("malloc_trim");
    if (symbol.isEmpty()) {
      return; // not glibc
    }
    MethodHandle trim =
        linker.downcallHandle(
            symbol.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    try {
      int _ = (int) trim.invokeExact(0L);
    } catch (Throwable failure) {
      throw new IllegalStateException("malloc_trim could not be called", failure);
    }
  }
}
