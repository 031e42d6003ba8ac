package org.kat4j.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.SizeTPointer;
import org.bytedeco.pytorch.global.torch_cuda;
import org.kat4j.error.UserException;
import org.kat4j.torch.AtomicFile;

/**
 * CUDA source from a resource of this package, compiled at run time for the GPU at hand.
 *
 * <p>Machine code is kept in {@code $XDG_CACHE_HOME/kat4j/cuda} (or {@code ~/.cache}), named by the
 * hash of source and options, so that a second start does not compile.
 */
final class CudaProgram {
  private static final Pattern INCLUDE =
      Pattern.compile("^#include \"([^\"]+)\"$", Pattern.MULTILINE);

  private final CUmod_st module;

  private CudaProgram(CUmod_st module) {
    this.module = module;
  }

  /** The source does not compile, or the GPU does not take the result. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failure(String message) {
      super(message);
    }
  }

  /**
   * Compiles for the current device of this thread.
   *
   * @param resource file name of the source; what it includes are resources too
   * @param options for example {@code -DWIDTH=4}
   * @throws Failure naming the file with the compiler's log
   */
  static CudaProgram of(String resource, List<String> options) {
    try (var _ = new PointerScope()) {
      String architecture = "--gpu-architecture=sm_" + majorCapability() + attribute(76);
      List<String> all =
          Stream.concat(Stream.of(architecture, "--std=c++17"), options.stream()).toList();
      String source = source(resource);
      Path cached = cacheFolder().resolve(hash(source, all, compilerVersion()) + ".cubin");
      byte[] kept = read(cached);
      CUmod_st module = new CUmod_st();
      // What is not there, or damaged, is compiled anew.
      if (kept.length == 0 || cudart.cuModuleLoadData(module, new BytePointer(kept)) != 0) {
        byte[] code = compile(resource, source, all, cached);
        check("cuModuleLoadData", cudart.cuModuleLoadData(module, new BytePointer(code)));
        write(cached, code);
      }
      module.retainReference();
      return new CudaProgram(module);
    }
  }

  /** A kernel of the program. */
  CUfunc_st function(String name) {
    CUfunc_st function = new CUfunc_st();
    check("cuModuleGetFunction " + name, cudart.cuModuleGetFunction(function, module, name));
    return function;
  }

  /**
   * The same, for launches with shared memory beyond the 48 KiB that need no asking.
   *
   * @param sharedBytes the most that a launch gives
   */
  CUfunc_st function(String name, int sharedBytes) {
    CUfunc_st function = function(name);
    check(
        "cuFuncSetAttribute " + name,
        cudart.cuFuncSetAttribute(
            function, cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes));
    return function;
  }

  static void check(String call, int result) {
    if (result != 0) {
      throw new Failure(call + " failed with CUDA error " + result);
    }
  }

  /** Of NVRTC, for example 13.1. */
  private static String compilerVersion() {
    try (IntPointer major = new IntPointer(1);
        IntPointer minor = new IntPointer(1)) {
      check("nvrtcVersion", nvrtc.nvrtcVersion(major, minor));
      return major.get() + "." + minor.get();
    }
  }

  /** Of the current device of this thread. */
  static int multiprocessors() {
    try (var properties = torch_cuda.getCurrentDeviceProperties()) {
      return properties.multiProcessorCount();
    }
  }

  /** Of the compute capability of this thread's current device: 9 for an H200. */
  static int majorCapability() {
    return attribute(75);
  }

  /** Shared memory that a block of the current device has at most, where it asks for it. */
  static int sharedBytesOfBlock() {
    return attribute(97);
  }

  /** By the number that CUDA gives it; 76 is the minor number of the compute capability. */
  private static int attribute(int number) {
    try (IntPointer value = new IntPointer(1)) {
      check(
          "cudaDeviceGetAttribute",
          cudart.cudaDeviceGetAttribute(value, number, torch_cuda.current_device()));
      return value.get();
    }
  }

  private static byte[] compile(String resource, String source, List<String> options, Path cached) {
    _nvrtcProgram program = new _nvrtcProgram();
    check(
        "nvrtcCreateProgram",
        nvrtc.nvrtcCreateProgram(
            program,
            new BytePointer(source),
            new BytePointer(resource),
            0,
            (PointerPointer<?>) null,
            (PointerPointer<?>) null));
    try {
      int result =
          nvrtc.nvrtcCompileProgram(
              program, options.size(), new PointerPointer<>(options.toArray(String[]::new)));
      if (result != 0) {
        Path log = cached.resolveSibling(cached.getFileName() + ".log");
        write(log, log(program));
        throw new Failure(resource + " does not compile with " + options + ", see " + log);
      }
      SizeTPointer size = new SizeTPointer(1);
      check("nvrtcGetCUBINSize", nvrtc.nvrtcGetCUBINSize(program, size));
      byte[] code = new byte[Math.toIntExact(size.get())];
      check("nvrtcGetCUBIN", nvrtc.nvrtcGetCUBIN(program, code));
      return code;
    } finally {
      nvrtc.nvrtcDestroyProgram(new PointerPointer<>(1).put(0, program));
    }
  }

  private static byte[] log(_nvrtcProgram program) {
    SizeTPointer size = new SizeTPointer(1);
    nvrtc.nvrtcGetProgramLogSize(program, size);
    byte[] text = new byte[Math.toIntExact(size.get())];
    nvrtc.nvrtcGetProgramLog(program, text);
    return text;
  }

  /** The text of a resource, with those that it includes in place of their {@code #include}. */
  static String source(String resource) {
    return INCLUDE
        .matcher(text(resource))
        .replaceAll(include -> Matcher.quoteReplacement(source(include.group(1))));
  }

  private static String text(String resource) {
    try (InputStream in = CudaProgram.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("resource " + resource + " cannot be read", e);
    }
  }

  /** Names compiled code: another compiler makes other code of the same text. */
  static String hash(String source, List<String> options, String compiler) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String all = source + '\0' + options + '\0' + compiler;
      return HexFormat.of().formatHex(digest.digest(all.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path cacheFolder() {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path base =
        cache == null || cache.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return base.resolve("kat4j").resolve("cuda");
  }

  private static byte[] read(Path cached) {
    try {
      return Files.exists(cached) ? Files.readAllBytes(cached) : new byte[0];
    } catch (IOException unreadable) {
      return new byte[0]; // it is compiled anew
    }
  }

  /** A cache that cannot be written costs the next start half a second, nothing else. */
  private static void write(Path file, byte[] content) {
    try {
      Files.createDirectories(file.getParent());
      AtomicFile.write(file, content);
    } catch (IOException | UserException e) {
      System.getLogger(CudaProgram.class.getName())
          .log(System.Logger.Level.DEBUG, "no cache of compiled kernels", e);
    }
  }
}
