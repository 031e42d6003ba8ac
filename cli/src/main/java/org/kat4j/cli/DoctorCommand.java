package org.kat4j.cli;

import java.util.concurrent.Callable;
import org.kat4j.error.UserException;
import org.kat4j.tables.TableReader;
import org.kat4j.torch.Device;
import org.kat4j.torch.Host;
import org.kat4j.train.Environment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kat4j doctor}. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description =
        "Shows what this machine offers and what is wrong: Java, libtorch, CPU, threads, allocator,"
            + " GPU.")
final class DoctorCommand implements Callable<Integer> {
  @Mixin private final JsonOption json = new JsonOption();

  /** What {@code --json} prints. */
  private record Summary(
      String java,
      String libtorch,
      String cpu,
      int threads,
      String allocator,
      String kernels,
      int gpus,
      int problems) {}

  private int problems;

  @Override
  public Integer call() {
    Environment environment = Environment.here();
    show(
        Runtime.version().feature() >= 25, "java", environment.java(), "JDK 25 or newer is needed");
    show(true, "system", environment.system(), "");
    show(true, "libtorch", environment.libtorch(), "");
    show(true, "cpu", Host.cpuCapability(), "");
    show(
        Host.threads() == environment.processors(),
        "threads",
        Host.threads() + " of " + environment.processors() + " cores",
        "set OMP_NUM_THREADS or --set threads=N to use all cores");
    show(
        !environment.allocator().contains("untuned"),
        "allocator",
        environment.allocator(),
        "large tensors will be slow");
    show(
        environment.kernels().startsWith("vector"),
        "kernels",
        environment.kernels(),
        "start java with --add-modules=jdk.incubator.vector");
    show(
        environment.memoryBytes() > (1L << 30),
        "java heap",
        (environment.memoryBytes() >> 20) + " MiB at most",
        "give more by KAT4J_JAVA_OPTS=-Xmx2g");
    show(true, "gpu", Host.gpus(), "");
    showParquet();
    System.out.println(problems == 0 ? "\nall well" : "\n" + problems + " to look at");
    json.print(
        new Summary(
            environment.java(),
            environment.libtorch(),
            Host.cpuCapability(),
            Host.threads(),
            environment.allocator(),
            environment.kernels(),
            Device.gpuCount(),
            problems));
    return 0;
  }

  private void showParquet() {
    try {
      show(true, "parquet", "DuckDB " + TableReader.duckVersion(), "");
    } catch (UserException e) {
      show(false, "parquet", "cannot be read", String.valueOf(e.getMessage()));
    }
  }

  private void show(boolean well, String what, String value, String advice) {
    if (!well) {
      problems++;
    }
    System.out.printf(
        "%-4s %-10s %s%n", well ? "ok" : "!!", what, well ? value : value + ": " + advice);
  }
}
