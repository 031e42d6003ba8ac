package org.kat4j.kernel;

import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.CUDAStreamGuard;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;
import org.kat4j.torch.Device;

/**
 * Work of a GPU that is recorded once and then started as a whole: one call in place of hundreds,
 * where the host sets the pace.
 *
 * <p>The work reads and writes the same memory every time. Inputs are copied into tensors that were
 * there before, results into others. While it is recorded it must not wait for the GPU nor move
 * anything between host and GPU; numbers of the host, as a learning rate, stay what they were.
 */
public final class CudaGraph implements AutoCloseable {
  /** So often the work runs before it is recorded: libraries make their plans in the first runs. */
  public static final int WARM_UPS = 3;

  /** CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may meanwhile wait for the GPU. */
  private static final int OF_THIS_THREAD = 1;

  private final CUgraphExec_st executable;
  private final Pool pool;

  private CudaGraph(CUgraphExec_st executable, Pool pool) {
    this.executable = executable;
    this.pool = pool;
  }

  /** The memory of recorded work, which nothing else gets as long as the graph is there. */
  private record Pool(byte device, LongPointer numbers) {
    // libtorch's own have a 0 in the first or the second place.
    private static final AtomicLong NUMBER = new AtomicLong();

    static Pool on(byte device) {
      return new Pool(device, new LongPointer(NUMBER.incrementAndGet(), 1).retainReference());
    }

    /**
     * A {@code MempoolId_t}, a pair of 64-bit numbers. The presets take it for another pair, and
     * would free one of libtorch's making as that one: it has to lie in memory of our own.
     */
    DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair id() {
      return new DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair(numbers);
    }

    void release() {
      try (var _ = new PointerScope()) {
        torch_cuda.getAllocator().releasePool(device, id());
      }
      numbers.close();
    }
  }

  /**
   * Runs the work {@value #WARM_UPS} times and then records it.
   *
   * @param device a GPU
   * @throws RuntimeException where it does something that cannot be recorded
   */
  public static CudaGraph record(Device device, Runnable work) {
    try (var _ = new PointerScope()) {
      byte number = torch_cuda.current_device();
      CUDAStream stream = torch_cuda.getStreamFromPool(false, number);
      device.synchronize();
      try (var _ = new CUDAStreamGuard(stream.unwrap())) {
        for (int i = 0; i < WARM_UPS; i++) {
          work.run();
        }
        device.synchronize();
        torch_cuda.getAllocator().emptyCache(); // what the first runs used on this stream
        Pool pool = Pool.on(number);
        try {
          return new CudaGraph(executable(captured(stream.stream(), pool, work)), pool);
        } catch (RuntimeException failure) {
          pool.release();
          throw failure;
        }
      }
    }
  }

  /**
   * Says in one line that something runs unrecorded.
   *
   * @param consequence what and how, in words for people
   */
  public static void warn(String consequence, RuntimeException failure) {
    String reason = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    System.getLogger(CudaGraph.class.getName())
        .log(Level.WARNING, consequence + " without a CUDA graph: " + reason);
  }

  private static CUgraphExec_st executable(CUgraph_st graph) {
    CUgraphExec_st executable = new CUgraphExec_st();
    CudaProgram.check("cuGraphInstantiate", cudart.cuGraphInstantiate(executable, graph, 0));
    CudaProgram.check("cuGraphDestroy", cudart.cuGraphDestroy(graph));
    return executable.retainReference();
  }

  private static CUgraph_st captured(CUstream_st stream, Pool pool, Runnable work) {
    try (var ofThisStream = new OfStream(stream.address())) {
      torch_cuda.beginAllocateToPool(pool.device, pool.id(), ofThisStream);
      try {
        return captured(stream, work);
      } finally {
        torch_cuda.endAllocateToPool(pool.device, pool.id());
      }
    }
  }

  private static CUgraph_st captured(CUstream_st stream, Runnable work) {
    CudaProgram.check("cuStreamBeginCapture", cudart.cuStreamBeginCapture(stream, OF_THIS_THREAD));
    CUgraph_st graph = new CUgraph_st();
    try {
      work.run();
    } catch (RuntimeException failure) {
      cudart.cuStreamEndCapture(stream, graph); // what it says follows from the failure
      throw failure;
    }
    CudaProgram.check("cuStreamEndCapture", cudart.cuStreamEndCapture(stream, graph));
    return graph;
  }

  /** Tells libtorch's allocator which requests belong to the work. */
  private static final class OfStream extends StreamFilter {
    private final long address;

    OfStream(long address) {
      this.address = address;
    }

    @Override
    public boolean call(@Nullable Pointer stream) {
      return stream != null && stream.address() == address; // null: the default stream
    }
  }

  /** Starts the recorded work on libtorch's current stream; the host does not wait for it. */
  public void replay() {
    try (CUDAStream stream = torch_cuda.getCurrentCUDAStream();
        var handle = stream.stream()) {
      CudaProgram.check("cuGraphLaunch", cudart.cuGraphLaunch(executable, handle));
    }
  }

  /** Waits for the GPU; then frees the graph and its memory. */
  @Override
  public void close() {
    torch_cuda.device_synchronize();
    CudaProgram.check("cuGraphExecDestroy", cudart.cuGraphExecDestroy(executable));
    executable.close();
    pool.release();
  }
}
