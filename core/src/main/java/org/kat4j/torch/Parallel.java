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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Runs Java code on the OpenMP threads that libtorch itself computes with.
 *
 * <p>OpenMP's threads keep spinning for a while after each operation of libtorch; a thread pool of
 * our own would fight them for the cores. Where libtorch's OpenMP cannot be entered (it is not
 * GNU's, or not on Linux), everything runs on the caller's thread.
 */
public final class Parallel {
  /**
   * {@code void GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned flags)}.
   */
  private static final @Nullable MethodHandle TEAM =
      openMp(
          "GOMP_parallel",
          FunctionDescriptor.ofVoid(
              ValueLayout.ADDRESS,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT));

  private static final @Nullable MethodHandle IN_PARALLEL =
      openMp("omp_in_parallel", FunctionDescriptor.of(ValueLayout.JAVA_INT));

  private static final @Nullable MethodHandle LIMIT =
      openMp("omp_get_thread_limit", FunctionDescriptor.of(ValueLayout.JAVA_INT));

  private static final @Nullable MethodHandle TEAM_SIZE =
      openMp("omp_get_num_threads", FunctionDescriptor.of(ValueLayout.JAVA_INT));

  private static final MemorySegment BODY = body();
  private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);

  // Native code carries a number instead of an object.
  private static final Map<Long, Region> REGIONS = new ConcurrentHashMap<>();
  private static final AtomicLong NUMBERS = new AtomicLong();

  private Parallel() {}

  /**
   * Calls {@code body} with 0 to {@code parts - 1}, each once, and returns when all are done.
   *
   * <p>Threads draw the parts in order, so a thread that is disturbed does fewer. One part, one
   * thread, or a call from inside of another one: everything runs on the caller's thread. What a
   * body throws is thrown again here; parts not begun by then are left out.
   */
  public static void forRange(int parts, IntConsumer body) {
    int threads = Math.min(parts, torch.get_num_threads());
    if (threads <= 1 || TEAM == null || INSIDE.get()) {
      for (int part = 0; part < parts; part++) {
        body.accept(part);
      }
      return;
    }
    team(threads, new Region(parts, 1, body));
  }

  /** At most {@code threads} threads draw the parts. */
  private static void team(int threads, Region region) {
    MethodHandle team = Objects.requireNonNull(TEAM);
    long number = NUMBERS.incrementAndGet();
    REGIONS.put(number, region);
    try {
      team.invokeExact(BODY, MemorySegment.ofAddress(number), threads, 0);
    } catch (Throwable failure) {
      throw new IllegalStateException("libtorch's OpenMP could not be called", failure);
    } finally {
      REGIONS.remove(number);
    }
    region.rethrow();
  }

  /**
   * Calls {@code body} with 0 to {@code parts - 1}, all at the same time: the bodies may wait for
   * each other.
   *
   * <p>Inside of a parallel operation OpenMP gives no further threads, and it may give fewer than
   * it is asked for ({@code OMP_DYNAMIC}, {@code OMP_THREAD_LIMIT}); then new ones are started.
   */
  static void eachOnItsThread(int parts, IntConsumer body) {
    if (parts > 1 && (INSIDE.get() || asked(IN_PARALLEL) != 0)) {
      eachOnANewThread(parts, body);
      return;
    }
    Region region = new Region(parts, parts, body);
    team(parts, region);
    if (!region.begun()) {
      eachOnANewThread(parts, body);
    }
  }

  private static void eachOnANewThread(int parts, IntConsumer body) {
    List<Thread> others = new ArrayList<>();
    for (int part = 1; part < parts; part++) {
      int index = part;
      others.add(Thread.ofPlatform().start(() -> body.accept(index)));
    }
    body.accept(0);
    others.forEach(Parallel::join);
  }

  /** What a function of OpenMP without arguments says; 0 where there is none. */
  private static int asked(@Nullable MethodHandle function) {
    try {
      return function == null ? 0 : (int) function.invokeExact();
    } catch (Throwable failure) {
      throw new IllegalStateException("libtorch's OpenMP could not be asked", failure);
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException later) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The most threads that OpenMP gives to anyone. */
  static int limit() {
    int limit = asked(LIMIT);
    return limit > 0 ? limit : Integer.MAX_VALUE;
  }

  /** Whether work is shared among libtorch's threads, or runs on the caller's alone. */
  public static boolean isAvailable() {
    return TEAM != null;
  }

  private static final class Region {
    private final int parts;
    private final int needed; // threads
    private final IntConsumer body;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /**
     * @param needed nothing is begun by a team of fewer threads
     */
    Region(int parts, int needed, IntConsumer body) {
      this.parts = parts;
      this.needed = needed;
      this.body = body;
    }

    boolean begun() {
      return next.get() > 0;
    }

    void run() {
      if (needed > 1 && asked(TEAM_SIZE) < needed) {
        return;
      }
      INSIDE.set(true);
      try {
        for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
          body.accept(part);
        }
      } catch (Throwable thrown) {
        // Thrown into native code it would end the JVM.
        failure.compareAndSet(null, thrown);
        next.set(parts);
      } finally {
        INSIDE.set(false);
      }
    }

    void rethrow() {
      Throwable thrown = failure.get();
      if (thrown instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (thrown instanceof Error error) {
        throw error;
      }
    }
  }

  /** Entered by every thread of the team. */
  @SuppressWarnings("UnusedMethod") // called from native code
  private static void enter(MemorySegment number) {
    Region region = REGIONS.get(number.address());
    if (region != null) {
      region.run();
    }
  }

  private static MemorySegment body() {
    try {
      MethodHandle enter =
          MethodHandles.lookup()
              .findStatic(
                  Parallel.class, "enter", MethodType.methodType(void.class, MemorySegment.class));
      return Linker.nativeLinker()
          .upcallStub(enter, FunctionDescriptor.ofVoid(ValueLayout.ADDRESS), Arena.global());
    } catch (ReflectiveOperationException impossible) {
      throw new LinkageError("a method of this class", impossible);
    }
  }

  private static @Nullable MethodHandle openMp(String symbol, FunctionDescriptor descriptor) {
    Loader.load(torch.class);
    String library = Loader.getLoadedLibraries().get("torch_cpu");
    if (library == null) {
      return null;
    }
    // Looked up through libtorch, the symbol is that of the very OpenMP that libtorch is linked to.
    return SymbolLookup.libraryLookup(library, Arena.global())
        .find(symbol)
        .map(address -> Linker.nativeLinker().downcallHandle(address, descriptor))
        .orElse(null);
  }
}
