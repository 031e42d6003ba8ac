package org.kat4j.kernel;

import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * Compiled kernels by what they are made for. What does not compile is not tried again, and the
 * first failure is said in one line: the caller composes the same from libtorch's operations.
 *
 * @param <K> what a program is made for
 * @param <F> its kernels
 */
final class CudaPrograms<K, F> {
  private final ConcurrentHashMap<K, Optional<F>> programs = new ConcurrentHashMap<>();
  private final AtomicBoolean warned = new AtomicBoolean();
  private final String what;
  private final Function<K, F> compiler;

  /**
   * @param what the operation, in words for people
   * @param compiler may fail with {@link CudaProgram.Failure}
   */
  CudaPrograms(String what, Function<K, F> compiler) {
    this.what = what;
    this.compiler = compiler;
  }

  /** Empty where it does not compile. */
  Optional<F> get(K key) {
    return programs.computeIfAbsent(key, this::compile);
  }

  private Optional<F> compile(K key) {
    try {
      return Optional.of(compiler.apply(key));
    } catch (CudaProgram.Failure | LinkageError failure) { // LinkageError: no NVRTC here
      if (warned.compareAndSet(false, true)) {
        System.getLogger(CudaPrograms.class.getName())
            .log(Level.WARNING, what + " composed, slower: " + failure.getMessage());
      }
      return Optional.empty();
    }
  }
}
