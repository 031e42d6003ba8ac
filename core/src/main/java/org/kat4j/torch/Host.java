package org.kat4j.torch;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * Prepares this process for libtorch: allocator first, then the natives, then the threads.
 *
 * <p>Everything in kat4j that touches libtorch goes through {@link #start()} first; calling it
 * again costs nothing.
 */
public final class Host {
  private static final int M_TRIM_THRESHOLD = -1;
  private static final int M_TOP_PAD = -2;
  private static final int M_MMAP_MAX = -4;
  private static final int M_ARENA_MAX = -8;
  private static final int KEEP_EXISTING = 0;
  private static final int OVERWRITE = 1;
  private static final int TOP_PAD_BYTES = 64 << 20;

  private static final String CPU_CAPABILITY = "CPU capability usage:";

  /** What was done about glibc's allocator, in words for {@code kat4j doctor}. */
  private static final String ALLOCATOR;

  static {
    ALLOCATOR = keepFreedMemory();
    shortenSpinning();
    askForThreadsThatCome();
    // JavaCPP would ask the system for the process's memory at every tensor: a third of the cost of
    // a small operation.
    if (System.getProperty("org.bytedeco.javacpp.maxphysicalbytes") == null) {
      System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
    }
    boolean gpu = selectGpuNatives();
    Loader.load(torch.class);
    if (gpu) {
      Loader.load(torch_cuda.class);
    }
    BlasThreads.joinOpenMp();
  }

  private Host() {}

  /** Takes libtorch's natives for CUDA where they are on the class path (built with -Pcuda). */
  private static boolean selectGpuNatives() {
    String extension = "org.bytedeco.javacpp.platform.extension";
    if (System.getProperty(extension) == null) {
      String natives = "/org/bytedeco/pytorch/" + Loader.getPlatform() + "-gpu/";
      if (Host.class.getResource(natives + System.mapLibraryName("torch_cuda")) != null) {
        System.setProperty(extension, "-gpu");
      }
    }
    return "-gpu".equals(System.getProperty(extension));
  }

  /** Sets up the allocator and loads libtorch, once. */
  public static void start() {
    // The work is the static initialiser: the JVM runs it exactly once, whichever thread comes
    // first.
  }

  /** How tensor memory is allocated, in words. */
  public static String allocator() {
    return ALLOCATOR;
  }

  /** The number of threads that libtorch and the kernels of kat4j use inside one operation. */
  public static int threads() {
    return torch.get_num_threads();
  }

  /** Sets the number of threads; {@code threads >= 1}. More than OpenMP's limit are not taken. */
  public static void setThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads = " + threads + ": at least 1");
    }
    int coming = Math.min(threads, Parallel.limit());
    torch.set_num_threads(coming);
    BlasThreads.set(coming);
  }

  /**
   * Runs an operation that, on the CPU, calls for many small matrix products from all threads at
   * once, as fused attention does; each product then takes one thread, backward too.
   *
   * @param input what {@code work} gets
   */
  public static Tensor withSmallProducts(Tensor input, UnaryOperator<Tensor> work) {
    return BlasThreads.one(input, work);
  }

  /** Version of libtorch and of its presets, for example 2.10.0-1.5.13. */
  public static String libtorchVersion() {
    try {
      return Loader.getVersion("org.bytedeco", "pytorch");
    } catch (IOException unnamed) {
      return "unknown";
    }
  }

  /** The widest instructions that libtorch uses here, for example AVX512. */
  public static String cpuCapability() {
    return buildInformation()
        .lines()
        .filter(line -> line.contains(CPU_CAPABILITY))
        .map(line -> line.substring(line.indexOf(CPU_CAPABILITY) + CPU_CAPABILITY.length()).strip())
        .findFirst()
        .orElse("unknown");
  }

  /** The GPUs that libtorch sees, in words. */
  public static String gpus() {
    int count = Device.gpuCount();
    if (count > 0) {
      return count + " seen by libtorch";
    }
    boolean driver = Files.exists(Path.of("/proc/driver/nvidia/version"));
    return driver
        ? "none: there is an NVIDIA driver, but this build of libtorch is for the CPU (build with -Pcuda)"
        : "none: no NVIDIA driver on this machine";
  }

  /** The build of libtorch and what it was built with, many lines. */
  public static String buildInformation() {
    return torch.show_config().getString();
  }

  /**
   * Makes glibc keep and reuse the memory of freed tensors.
   *
   * <p>As it comes, glibc maps every large tensor anew and the kernel clears its pages one fault at
   * a time: three to five times the cost of the operation that fills it. M_ARENA_MAX = 1 because a
   * Java thread would otherwise get an arena of 64 MB heaps.
   */
  private static String keepFreedMemory() {
    String preload = System.getenv("LD_PRELOAD");
    if (preload != null && preload.contains("malloc")) {
      return "preloaded: " + preload;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find("mallopt");
    if (symbol.isEmpty()) {
      return "the system's, untuned: no mallopt in this C library";
    }
    MethodHandle mallopt =
        linker.downcallHandle(
            symbol.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    int[][] options = {
      {M_MMAP_MAX, 0}, {M_TRIM_THRESHOLD, -1}, {M_ARENA_MAX, 1}, {M_TOP_PAD, TOP_PAD_BYTES}
    };
    boolean accepted = true;
    try {
      for (int[] option : options) {
        accepted &= (int) mallopt.invokeExact(option[0], option[1]) == 1;
      }
    } catch (Throwable failure) {
      throw new IllegalStateException("mallopt could not be called", failure);
    }
    return accepted ? "glibc, freed memory kept (mallopt)" : "glibc, mallopt refused an option";
  }

  /**
   * Lets idle worker threads sleep soon instead of spinning.
   *
   * <p>As they come, OpenMP's threads, and OpenBLAS's where it keeps its own, spin for milliseconds
   * after their work and take the cores from everything else on the machine. Values that the user
   * has set stay.
   */
  private static void shortenSpinning() {
    setEnvironment("GOMP_SPINCOUNT", "1000", KEEP_EXISTING); // about a microsecond
    setEnvironment("OPENBLAS_THREAD_TIMEOUT", "4", KEEP_EXISTING); // 2^4 cycles, the least it takes
  }

  /**
   * Makes OpenMP give as many threads as it is asked for.
   *
   * <p>Where the user's settings let it give fewer, oneDNN and OpenBLAS wait for ever for those
   * that do not come.
   */
  private static void askForThreadsThatCome() {
    setEnvironment("OMP_DYNAMIC", "false", OVERWRITE);
    int limit = number("OMP_THREAD_LIMIT");
    int wanted = number("OMP_NUM_THREADS");
    int usual = wanted > 0 ? wanted : Runtime.getRuntime().availableProcessors();
    if (limit > 0 && limit < usual) {
      setEnvironment("OMP_NUM_THREADS", Integer.toString(limit), OVERWRITE);
    }
  }

  /** The first number of an environment variable; 0 where there is none. */
  private static int number(String variable) {
    String value = System.getenv(variable);
    try {
      return value == null ? 0 : Integer.parseInt(value.split(",")[0].strip());
    } catch (NumberFormatException none) {
      return 0;
    }
  }

  private static void setEnvironment(String name, String value, int overwrite) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find("setenv");
    if (symbol.isEmpty()) {
      return; // not a POSIX system
    }
    MethodHandle setenv =
        linker.downcallHandle(
            symbol.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), overwrite);
    } catch (Throwable failure) {
      throw new IllegalStateException("setenv could not be called", failure);
    }
  }

  /** Resident memory of this process in bytes, or -1 where the system does not say. */
  public static long residentBytes() {
    try {
      String[] fields = Files.readString(Path.of("/proc/self/statm")).split(" ");
      return Long.parseLong(fields[1]) * pageSize();
    } catch (IOException | RuntimeException unavailable) {
      return -1;
    }
  }

  private static long pageSize() {
    Linker linker = Linker.nativeLinker();
    MethodHandle getpagesize =
        linker.downcallHandle(
            linker.defaultLookup().find("getpagesize").orElseThrow(),
            FunctionDescriptor.of(ValueLayout.JAVA_INT));
    try {
      return (int) getpagesize.invokeExact();
    } catch (Throwable failure) {
      throw new IllegalStateException("getpagesize could not be called", failure);
    }
  }
}
