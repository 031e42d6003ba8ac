package org.kat4j.torch;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;

/**
 * A file's tensors under other names, some turned: how a published model's layout is read as ours.
 */
public final class RenamedTensors implements TensorFile {
  /**
   * Where a tensor lies.
   *
   * @param name in the file
   * @param transposed whether its two axes are exchanged there
   */
  public record Place(String name, boolean transposed) {}

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

  @Override
  public ElementType type(String name) {
    return file.type(place(name).name);
  }

  @Override
  public long[] shape(String name) {
    long[] stored = file.shape(place(name).name);
    return isTurned(place(name)) ? new long[] {stored[1], stored[0]} : stored;
  }

  @Override
  public Map<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public Tensor read(String name) {
    Tensor stored = file.read(place(name).name);
    return isTurned(place(name)) ? stored.t() : stored;
  }

  /** A damaged file may have any number of axes: it is refused by its shape. */
  private boolean isTurned(Place place) {
    return place.transposed && file.shape(place.name).length == 2;
  }

  @Override
  public void close() {
    file.close();
  }
}
