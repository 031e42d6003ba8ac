package org.kat4j.torch;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch_cuda;
import org.kat4j.error.UserException;

/**
 * Where tensors live: {@code cpu} or {@code cuda:N}.
 *
 * @param type kind of device
 * @param index number of the GPU, 0 for the CPU
 */
public record Device(Type type, int index) {
  /** Kinds of device. {@code META} tensors have a shape and no memory: good for counting. */
  public enum Type {
    CPU,
    CUDA,
    META
  }

  public static final Device CPU = new Device(Type.CPU, 0);
  public static final Device META = new Device(Type.META, 0);

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /** Reads {@code cpu}, {@code cuda} or {@code cuda:N} and checks that the device is there. */
  public static Device parse(String text) {
    if (text.equals("cpu")) {
      return CPU;
    }
    Matcher cuda = CUDA.matcher(text);
    if (!cuda.matches()) {
      throw new UserException("device '" + text + "' is not known: cpu, cuda or cuda:N");
    }
    Host.start();
    if (!torch.cuda_is_available()) {
      throw new UserException(
          "device "
              + text
              + ": this build of libtorch sees no GPU; 'kat4j doctor' says what is there, --device cpu works");
    }
    int index = cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1));
    if (index >= torch.cuda_device_count()) {
      throw new UserException(
          "device " + text + ": there are " + torch.cuda_device_count() + " GPUs, counted from 0");
    }
    return new Device(Type.CUDA, index);
  }

  /** How many GPUs libtorch sees. */
  public static int gpuCount() {
    Host.start();
    return torch.cuda_is_available() ? torch.cuda_device_count() : 0;
  }

  /** Where a tensor lives. */
  public static Device of(Tensor tensor) {
    if (tensor.is_cuda()) {
      return new Device(Type.CUDA, tensor.device().index());
    }
    return tensor.is_meta() ? META : CPU;
  }

  /** Waits until the device has done all that it was asked to. */
  public void synchronize() {
    if (type == Type.CUDA) {
      torch_cuda.device_synchronize();
    }
  }

  org.bytedeco.pytorch.Device toTorch() {
    return switch (type) {
      case CPU -> new org.bytedeco.pytorch.Device(DeviceType.CPU);
      case CUDA -> new org.bytedeco.pytorch.Device(DeviceType.CUDA, (byte) index);
      case META -> new org.bytedeco.pytorch.Device(DeviceType.Meta);
    };
  }

  @Override
  public String toString() {
    return type == Type.CUDA ? "cuda:" + index : type.name().toLowerCase(java.util.Locale.ROOT);
  }
}
