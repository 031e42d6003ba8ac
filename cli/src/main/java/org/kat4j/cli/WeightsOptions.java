package org.kat4j.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kat4j.error.UserException;
import org.kat4j.image.EvaluationTransform;
import org.kat4j.model.Model;
import org.kat4j.model.Weights;
import org.kat4j.task.InputDescription;
import org.kat4j.torch.Context;
import org.kat4j.torch.Device;
import org.kat4j.torch.Safetensors;
import org.kat4j.train.RunFolder;
import picocli.CommandLine.Option;

/** Which trained model is meant. */
final class WeightsOptions {
  @Option(
      names = "--run",
      paramLabel = "DIR",
      description = "Folder of a run; its last weights are used.")
  private @Nullable Path run;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description = "A .safetensors file written by kat4j.")
  private @Nullable Path weights;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description = "cpu, cuda or cuda:N.")
  private String device = "cpu";

  /** The run folder, where one was named. */
  @Nullable RunFolder run() {
    return run == null ? null : RunFolder.open(run);
  }

  Path file() {
    if ((run == null) == (weights == null)) {
      throw new UserException("name the model by --run DIR or by --weights FILE, one of them");
    }
    return run != null ? RunFolder.open(run).weights() : weights;
  }

  Model load() {
    return Weights.load(file(), Context.cpu(0).withDevice(Device.parse(device)));
  }

  InputDescription input() {
    Path file = file();
    try (Safetensors opened = Safetensors.open(file)) {
      return InputDescription.fromMetadata(opened.metadata(), file.toString());
    }
  }

  /** How the model's pictures are brought to the size of its input. */
  EvaluationTransform transform() {
    Path file = file();
    try (Safetensors opened = Safetensors.open(file)) {
      return InputDescription.transform(opened.metadata());
    } catch (IllegalArgumentException broken) {
      throw new UserException(file + ": metadata: " + broken.getMessage(), broken);
    }
  }
}
