package org.kat4j.torch;

import org.kat4j.error.UserException;

/** Tells libtorch's failed allocations, which come as any other failure, from faults of ours. */
public final class OutOfMemory {
  private OutOfMemory() {}

  /**
   * A one-line mistake of the user where {@code failure} is a failed allocation; else the failure
   * itself.
   *
   * @param advice what to make smaller
   */
  public static RuntimeException explained(RuntimeException failure, String advice) {
    String message = String.valueOf(failure.getMessage());
    boolean host = message.contains("can't allocate memory") || message.contains("bad_alloc");
    boolean gpu = message.contains("out of memory");
    return host || gpu
        ? new UserException(
            "the %s has not enough memory for this: %s".formatted(host ? "machine" : "GPU", advice),
            failure)
        : failure;
  }
}
