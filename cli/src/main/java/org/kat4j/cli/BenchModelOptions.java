package org.kat4j.cli;

import java.util.List;
import org.kat4j.error.UserException;
import org.kat4j.torch.Device;
import org.kat4j.torch.Precision;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which models, where, and in what arithmetic. */
final class BenchModelOptions {
  @Option(
      names = "--models",
      split = ",",
      defaultValue = "kat_micro,vit_micro",
      paramLabel = "NAME",
      description = "Registered models, the last is the yardstick; default: ${DEFAULT-VALUE}.")
  private List<String> names = List.of();

  @Mixin private final DeviceOption device = new DeviceOption();

  @Mixin private final PrecisionOption precision = new PrecisionOption();

  @Option(
      names = "--graph",
      description = "Measure each model also as a CUDA graph: recorded once, then started whole.")
  private boolean graphs;

  List<String> names() {
    return names;
  }

  Device device() {
    return device.device();
  }

  /** Fails without a GPU. */
  boolean graphs() {
    if (graphs && device().type() != Device.Type.CUDA) {
      throw new UserException("--graph needs a GPU: add --device cuda");
    }
    return graphs;
  }

  Precision precision() {
    return precision.on(device());
  }
}
