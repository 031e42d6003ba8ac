package org.kat4j.cli;

import org.kat4j.torch.Device;
import org.kat4j.torch.Precision;
import picocli.CommandLine.Option;

/** {@code --precision}: in what arithmetic a model computes. */
final class PrecisionOption {
  @Option(
      names = "--precision",
      defaultValue = "float32",
      paramLabel = "NAME",
      description = "float32, tf32, bfloat16 or float16; default: ${DEFAULT-VALUE}.")
  private String name = "float32";

  /** The precision, in which the device computes. */
  Precision on(Device device) {
    Precision precision = Precision.parse(name);
    precision.requireOn(device);
    return precision;
  }

  String name() {
    return name;
  }
}
