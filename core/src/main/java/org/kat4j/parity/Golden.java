package org.kat4j.parity;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.kat4j.config.Config;
import org.kat4j.error.UserException;
import org.kat4j.torch.ElementType;
import org.kat4j.torch.Safetensors;
import tools.jackson.databind.node.ObjectNode;

/**
 * A golden file: tensors recorded from an official implementation, and the configuration it ran
 * with.
 *
 * <p>Tensors are read as float64; they belong to the scope they are read in.
 */
public final class Golden implements AutoCloseable {
  private final Path file;
  private final String name;
  private final Safetensors tensors;
  private final ObjectNode config;

  private Golden(Path file, Safetensors tensors, ObjectNode config) {
    this.file = file;
    this.name = file.getFileName().toString().replaceFirst("\\.safetensors$", "");
    this.tensors = tensors;
    this.config = config;
  }

  static Golden open(Path file) {
    Safetensors tensors = Safetensors.open(file);
    String config = tensors.metadata().get("config");
    if (config == null) {
      tensors.close();
      throw new UserException(file + ": no golden file (its metadata have no 'config')");
    }
    return new Golden(file, tensors, Config.parse(config, file.toString()));
  }

  /** The file's name without its suffix. */
  public String name() {
    return name;
  }

  /** The folder beside the file that the configuration names under this key. */
  public Path folder(String key) {
    String folder = text(key);
    if (!folder.matches("[\\w-]+")) {
      throw new UserException(file + ": config." + key + " names no folder beside it");
    }
    return file.resolveSibling(folder);
  }

  /** Source, class and constructor arguments of the official implementation. */
  public ObjectNode config() {
    return config;
  }

  /** A text of the configuration, "" where it has none. */
  public String text(String key) {
    return config.path(key).asString("");
  }

  public boolean has(String tensor) {
    return tensors.contains(tensor);
  }

  public Tensor read(String tensor) {
    return tensors.read(tensor).to(ScalarType.Double);
  }

  /** An integer tensor as it is. */
  public Tensor readIntegers(String tensor) {
    return tensors.read(tensor);
  }

  /** Whether the tensor was rounded to float32 when it was stored. */
  public boolean isRounded(String tensor) {
    return tensors.entry(tensor).type() == ElementType.F32;
  }

  /** All tensors whose name begins with {@code prefix}, by the rest of their name. */
  public SequencedMap<String, Tensor> under(String prefix) {
    SequencedMap<String, Tensor> found = new LinkedHashMap<>();
    for (String tensor : tensors.names()) {
      if (tensor.startsWith(prefix)) {
        found.put(tensor.substring(prefix.length()), read(tensor));
      }
    }
    return found;
  }

  @Override
  public void close() {
    tensors.close();
  }
}
