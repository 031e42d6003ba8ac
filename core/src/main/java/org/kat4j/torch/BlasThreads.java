package org.kat4j.torch;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The threads of OpenBLAS, which multiplies libtorch's matrices on the CPU.
 *
 * <p>OpenBLAS brings a pool of its own. Its threads wait for each other by spinning, and beside
 * libtorch's OpenMP threads there are more spinning threads than cores. {@link #joinOpenMp} hands
 * its work to the OpenMP threads instead: one pool for everything.
 */
final class BlasThreads {
  private static final Linker LINKER = Linker.nativeLinker();

  /** {@code int dojob(int job, void* data, int buffer)}, given to us by OpenBLAS. */
  private static final MethodHandle JOB =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_INT));

  private static final @Nullable MethodHandle SET =
      function("openblas_set_num_threads", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
  private static final @Nullable MethodHandle GET =
      function("openblas_get_num_threads", FunctionDescriptor.of(ValueLayout.JAVA_INT));

  private static volatile int count = Runtime.getRuntime().availableProcessors();

  /** The thread whose backward pass is between the two hooks of {@link #one}. */
  private static volatile @Nullable Thread between;

  private BlasThreads() {}

  /** Sets the number of threads of one matrix product, at least 1. */
  static void set(int threads) {
    count = threads;
    apply(threads);
  }

  /** The number of threads that the next matrix product takes; 0 where it is another BLAS. */
  static int get() {
    try {
      return GET == null ? 0 : (int) GET.invokeExact();
    } catch (Throwable failure) {
      throw new IllegalStateException("openblas_get_num_threads could not be called", failure);
    }
  }

  /** Lets OpenBLAS work on libtorch's OpenMP threads; nothing where it is another BLAS or older. */
  static void joinOpenMp() {
    set(torch.get_num_threads());
    if (!Parallel.isAvailable()) {
      return;
    }
    find("openblas_set_threads_callback_function")
        .ifPresent(symbol -> {
          try {
            MethodHandle register =
                LINKER.downcallHandle(symbol, FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
            register.invokeExact(callback());
          } catch (Throwable failure) {
            throw new IllegalStateException("OpenBLAS did not take its callback", failure);
          }
        });
  }

  /**
   * Runs {@code work}, and the part of the backward pass that belongs to it, with one thread for
   * each matrix product: for operations of the CPU that call for many small products from all
   * OpenMP threads at once.
   *
   * @param input what {@code work} gets; the backward pass leaves it with the gradient of this
   */
  static Tensor one(Tensor input, UnaryOperator<Tensor> work) {
    if (SET == null || input.is_cuda() || input.is_meta()) {
      return work.apply(input);
    }
    boolean differentiates = GradMode.is_enabled() && input.requires_grad();
    if (differentiates) {
      input.register_hook(Hooks.ALL);
    }
    int before = get(); // 1 inside of another such operation
    apply(1);
    try {
      Tensor output = work.apply(input);
      if (differentiates) {
        output.register_hook(Hooks.ONE);
      }
      return output;
    } finally {
      apply(Math.max(1, before));
    }
  }

  /** One object each serves all graphs. */
  private static final class Hooks {
    static final VoidTensorHook ONE = kept(new Hook(true));
    static final VoidTensorHook ALL = kept(new Hook(false));

    private static VoidTensorHook kept(VoidTensorHook hook) {
      hook.retainReference();
      return hook;
    }
  }

  private static final class Hook extends VoidTensorHook {
    private final boolean single;

    Hook(boolean single) {
      this.single = single;
    }

    @Override
    public void call(TensorBase gradient) {
      between = single ? Thread.currentThread() : null;
      apply(single ? 1 : count);
      gradient.close();
    }
  }

  /** Called when a scope ends: a backward pass of this thread may have failed between the hooks. */
  static void restore() {
    if (between == Thread.currentThread()) {
      between = null;
      apply(count);
    }
  }

  private static void apply(int threads) {
    if (SET == null) {
      return;
    }
    try {
      SET.invokeExact(threads);
    } catch (Throwable failure) {
      throw new IllegalStateException("openblas_set_num_threads could not be called", failure);
    }
  }

  /**
   * Called by OpenBLAS. The jobs of one product wait for each other, so every one needs a thread.
   *
   * @param size bytes of the data of one job
   */
  @SuppressWarnings("UnusedMethod") // called from native code
  private static void run(
      int synchronous, MemorySegment job, int jobs, long size, MemorySegment data, int buffer) {
    Parallel.eachOnItsThread(
        jobs,
        index -> {
          try {
            int _ =
                (int)
                    JOB.invokeExact(
                        job, index, MemorySegment.ofAddress(data.address() + index * size), buffer);
          } catch (Throwable failure) {
            throw new IllegalStateException("a job of OpenBLAS could not be called", failure);
          }
        });
  }

  private static MemorySegment callback() throws ReflectiveOperationException {
    MethodHandle run =
        MethodHandles.lookup()
            .findStatic(
                BlasThreads.class,
                "run",
                MethodType.methodType(
                    void.class,
                    int.class,
                    MemorySegment.class,
                    int.class,
                    long.class,
                    MemorySegment.class,
                    int.class));
    return LINKER.upcallStub(
        run,
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT),
        Arena.global());
  }

  private static @Nullable MethodHandle function(String symbol, FunctionDescriptor descriptor) {
    return find(symbol).map(address -> LINKER.downcallHandle(address, descriptor)).orElse(null);
  }

  /** OpenBLAS is reached through libtorch, which is linked to it. */
  private static Optional<MemorySegment> find(String symbol) {
    String library = Loader.getLoadedLibraries().get("torch_cpu");
    return library == null
        ? Optional.empty()
        : SymbolLookup.libraryLookup(library, Arena.global()).find(symbol);
  }
}
