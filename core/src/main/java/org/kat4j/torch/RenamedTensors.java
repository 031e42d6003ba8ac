package org.kat4j.torch;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/** A file's tensors under other names and cut in another way: a published layout read as ours. */
public final class RenamedTensors implements TensorFile {
  private final TensorFile file;
  private final SequencedMap<String, Place> places;

  /**
   * @param file closed with this
   * @param places the tensors there are now, by their names
   */
  public RenamedTensors(TensorFile file, SequencedMap<String, Place> places) {
    this.file = file;
    this.places = places;
  }

  private Place place(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new UserException(
          file() + ": there is no tensor '" + SafetensorsHeader.printable(name) + "'");
    }
    return place;
  }

  @Override
  public Path file() {
    return file.file();
  }

  @Override
  public List<String> names() {
    return List.copyOf(places.keySet());
  }

  @Override
  public boolean contains(String name) {
    return places.containsKey(name);
  }

  /** Of several, one that holds no weights, so that it is refused. */
  @Override
  public ElementType type(String name) {
    List<ElementType> types = place(name).names().stream().map(file::type).toList();
    return types.stream().filter(type -> !type.isReal()).findFirst().orElse(types.getFirst());
  }

  @Override
  public long[] shape(String name) {
    return place(name).shape(file);
  }

  @Override
  public Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public Tensor read(String name) {
    return place(name).read(file);
  }

  @Override
  public void close() {
    file.close();
  }
}
