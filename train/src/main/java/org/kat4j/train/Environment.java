package org.kat4j.train;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.kat4j.config.Config;
import org.kat4j.kernel.Kernels;
import org.kat4j.torch.Host;

/**
 * The machine and versions that a run saw, as written to {@code environment.json}.
 *
 * @param started when the run began, UTC
 * @param java the Java runtime
 * @param system operating system and architecture
 * @param processors cores that this process may use
 * @param memoryBytes largest heap
 * @param libtorch its version
 * @param allocator how tensor memory is allocated
 * @param kernels which fused kernels run
 */
public record Environment(
    String started,
    String java,
    String system,
    int processors,
    long memoryBytes,
    String libtorch,
    String allocator,
    String kernels) {

  public static Environment here() {
    return new Environment(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        System.getProperty("java.vm.name") + " " + Runtime.version(),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors(),
        Runtime.getRuntime().maxMemory(),
        Host.libtorchVersion(),
        Host.allocator(),
        Kernels.describe());
  }

  String toJson() {
    return Config.toJson(this) + "\n";
  }
}
