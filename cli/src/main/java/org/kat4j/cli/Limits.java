package org.kat4j.cli;

import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.torch.NativeCache;
import org.kat4j.torch.OutOfMemory;

/** Failures that follow from what the machine or the user's settings give, in one line. */
final class Limits {
  private static final int MOST_CAUSES = 20; // a chain may be a ring

  private Limits() {}

  /** What is to be said: the first known reason among the causes, else the failure itself. */
  static Throwable explained(Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
      UserException known = known(cause);
      if (known != null) {
        return known;
      }
      cause = cause.getCause();
    }
    return failure;
  }

  private static @Nullable UserException known(Throwable cause) {
    return switch (cause) {
      case UserException mistake -> mistake;
      case OutOfMemoryError full -> outOfMemory(full);
      case UnsatisfiedLinkError missing -> NativeCache.refused("libtorch", missing);
      case RuntimeException any
          when OutOfMemory.explained(any, "take a smaller model or batch")
              instanceof UserException full ->
          full;
      default -> null;
    };
  }

  private static UserException outOfMemory(OutOfMemoryError full) {
    String reason = String.valueOf(full.getMessage());
    if (reason.contains("thread")) {
      return new UserException(
          "the system gives no more threads (" + reason + "): raise its limit, ulimit -u", full);
    }
    long megabytes = Runtime.getRuntime().maxMemory() >> 20;
    return new UserException(
        "Java's memory of %,d MiB is full (%s): give it more, KAT4J_JAVA_OPTS=-Xmx%dm, or take less data at once"
            .formatted(megabytes, reason, Math.max(1024, 2 * megabytes)),
        full);
  }
}
