package org.kat4j.torch;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/**
 * An open file of named tensors, read one by one on demand: safetensors or PyTorch's own format.
 *
 * <p>Files are hostile until checked: nothing in them is run, and what they say of lengths is
 * compared with the bytes that are there before memory is taken.
 */
public sealed interface TensorFile extends AutoCloseable
    permits Safetensors, ShardedTensors, TorchFile, PlainNames, RenamedTensors, DerivedTensors {
  /** The key in the metadata of kat4j's own weights under which the model stands. */
  String MODEL = "kat4j.model";

  /**
   * Opens a file of either format, told apart by its content.
   *
   * @throws UserException when there is no such file, it cannot be read, or it is not valid
   */
  static TensorFile open(Path file) {
    return open(file, "");
  }

  /**
   * Opens a file of either format, or an index of several ({@code *.index.json}); prefixes that
   * wrappers put before names are dropped.
   *
   * @param dictionary which dictionary of a PyTorch checkpoint is meant, such as {@code
   *     state_dict}; "" for the usual one. A safetensors file has one only
   */
  static TensorFile open(Path file, String dictionary) {
    boolean index = ShardedTensors.isIndex(file);
    boolean torch = !index && TorchFile.looksLikeOne(file);
    if (!torch && !index) {
      ForeignFile.check(file, TorchFile.head(file, ForeignFile.HEAD));
    }
    if (!torch && !dictionary.isEmpty()) {
      throw new UserException(
          file + ": '" + dictionary + "' was asked for, but this is no PyTorch checkpoint");
    }
    TensorFile opened =
        index
            ? ShardedTensors.open(file)
            : torch ? TorchFile.open(file, dictionary) : Safetensors.open(file);
    try {
      return PlainNames.of(opened);
    } catch (UserException e) {
      opened.close();
      throw e;
    }
  }

  /** The file. */
  Path file();

  /** Names of all tensors, in the order of the file. */
  List<String> names();

  /** Whether there is a tensor of this name. */
  boolean contains(String name);

  /**
   * Element type of a tensor.
   *
   * @throws UserException when the file has no tensor of this name
   */
  ElementType type(String name);

  /**
   * Sizes of a tensor, empty for a scalar.
   *
   * @throws UserException when the file has no tensor of this name
   */
  long[] shape(String name);

  /** What the file says beside its tensors, as text. */
  Map<String, String> metadata();

  /**
   * Reads a tensor into fresh CPU memory that it owns; it belongs to the caller and his innermost
   * {@link PointerScope}, and outlives this file.
   *
   * @throws UserException when there is no such tensor or the file cannot be read
   */
  Tensor read(String name);

  /**
   * Copies a tensor of the file into one of the same shape, whatever its device and element type.
   * No gradient is recorded.
   *
   * @throws UserException when there is no such tensor, its shape differs, whole numbers stand
   *     where weights should, or the file cannot be read
   */
  default void copyInto(String name, Tensor target) {
    long[] shape = shape(name);
    if (!Arrays.equals(shape, Safetensors.shape(target))) {
      throw new UserException(
          "tensor '%s' of %s has shape %s, but %s is needed"
              .formatted(
                  SafetensorsHeader.printable(name),
                  file(),
                  Arrays.toString(shape),
                  Arrays.toString(Safetensors.shape(target))));
    }
    if (!type(name).isReal() && target.is_floating_point()) {
      throw new UserException(
          "tensor '%s' of %s holds %s, no weights: quantised models are not read"
              .formatted(SafetensorsHeader.printable(name), file(), type(name)));
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard noGrad = new NoGradGuard()) {
      target.copy_(read(name));
    }
  }

  @Override
  void close();
}
