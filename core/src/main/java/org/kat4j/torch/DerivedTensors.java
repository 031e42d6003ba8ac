package org.kat4j.torch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/** A file's tensors, some of them made of others that are then no longer there. */
public final class DerivedTensors implements TensorFile {
  /**
   * A tensor that is made of others.
   *
   * @param shape of what is made
   * @param type of what it is made of
   * @param value makes it, in any floating-point type
   */
  public record Made(long[] shape, ElementType type, Supplier<Tensor> value) {}

  private final TensorFile file;
  private final Map<String, Made> made;
  private final Set<String> consumed;

  /**
   * @param file closed with this
   * @param made by their names
   * @param consumed names of the file that are gone
   */
  public DerivedTensors(TensorFile file, Map<String, Made> made, Set<String> consumed) {
    this.file = file;
    this.made = Map.copyOf(made);
    this.consumed = Set.copyOf(consumed);
  }

  @Override
  public Path file() {
    return file.file();
  }

  @Override
  public List<String> names() {
    List<String> names = new ArrayList<>(file.names());
    names.removeAll(consumed);
    names.addAll(made.keySet());
    return names;
  }

  @Override
  public boolean contains(String name) {
    return made.containsKey(name) || file.contains(name) && !consumed.contains(name);
  }

  @Override
  public ElementType type(String name) {
    Made one = made.get(name);
    return one == null ? file.type(name) : one.type;
  }

  @Override
  public long[] shape(String name) {
    Made one = made.get(name);
    return one == null ? file.shape(name) : one.shape.clone();
  }

  @Override
  public Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public Tensor read(String name) {
    Made one = made.get(name);
    return one == null ? file.read(name) : one.value.get();
  }

  @Override
  public void close() {
    file.close();
  }
}
