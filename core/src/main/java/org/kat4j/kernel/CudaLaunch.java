package org.kat4j.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one kernel launch, in the order of the kernel's parameters, and the launch on
 * libtorch's current stream. One for each thread, used again and again.
 */
final class CudaLaunch {
  private static final int MOST_ARGUMENTS = 16;
  private static final int SLOT = 64; // bytes of one argument at most

  private static final ThreadLocal<CudaLaunch> OF_THREAD = ThreadLocal.withInitial(CudaLaunch::new);

  private final BytePointer memory = new BytePointer((long) MOST_ARGUMENTS * SLOT);
  private final ByteBuffer values = memory.asByteBuffer().order(ByteOrder.nativeOrder());
  private final PointerPointer<BytePointer> addresses = new PointerPointer<>(MOST_ARGUMENTS);
  private final @Nullable Tensor[] tensors = new Tensor[MOST_ARGUMENTS]; // until the launch
  private int count;

  private CudaLaunch() {
    // A thread of autograd whose first operation this is has no current context yet.
    CudaProgram.check("cudaSetDevice", cudart.cudaSetDevice(torch_cuda.current_device()));
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      addresses.put(i, new BytePointer(memory).position((long) i * SLOT));
    }
    // The thread's, not the scope's in which it happens to be made.
    memory.retainReference();
    addresses.retainReference();
  }

  /** An empty list of arguments. */
  static CudaLaunch arguments() {
    CudaLaunch launch = OF_THREAD.get();
    launch.count = 0;
    return launch;
  }

  CudaLaunch tensor(Tensor tensor) {
    tensors[count] = tensor;
    values.putLong(next(), NativeMemory.address(tensor));
    return this;
  }

  /** Null for no tensor. */
  CudaLaunch optional(@Nullable Tensor tensor) {
    tensors[count] = tensor;
    values.putLong(next(), tensor == null ? 0 : NativeMemory.address(tensor));
    return this;
  }

  /** One parameter made of 32-bit numbers: an int, or a struct of them. */
  CudaLaunch ints(int... numbers) {
    int at = next();
    for (int i = 0; i < numbers.length; i++) {
      values.putInt(at + i * Integer.BYTES, numbers[i]);
    }
    return this;
  }

  /** One parameter of 64 bits. */
  CudaLaunch number(double number) {
    values.putDouble(next(), number);
    return this;
  }

  private int next() {
    return SLOT * count++;
  }

  /** Starts the kernel; the host does not wait for it. */
  void run(CUfunc_st function, int blocksX, int blocksY, int threads, int sharedBytes) {
    try (CUDAStream stream = torch_cuda.getCurrentCUDAStream();
        var handle = stream.stream()) {
      CudaProgram.check(
          "cuLaunchKernel",
          cudart.cuLaunchKernel(
              function, blocksX, blocksY, 1, threads, 1, 1, sharedBytes, handle, addresses, null));
    } finally {
      Arrays.fill(tensors, null);
    }
  }
}
