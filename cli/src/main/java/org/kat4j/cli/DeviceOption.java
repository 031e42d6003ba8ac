package org.kat4j.cli;

import org.kat4j.torch.Device;
import picocli.CommandLine.Option;

/** {@code --device}: where tensors live. */
final class DeviceOption {
  @Option(
      names = "--device",
      defaultValue = "cpu",
      paramLabel = "NAME",
      description = "cpu, cuda or cuda:N; default: ${DEFAULT-VALUE}.")
  private String name = "cpu";

  /** The device, which is there. */
  Device device() {
    return Device.parse(name);
  }
}
