package org.kat4j.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Where one of our tensors lies among those of a published model, whose layers may be cut in
 * another way.
 */
public sealed interface Place {
  /** The tensors there that it takes. */
  List<String> names();

  /** Its shape, by the shapes there; what is damaged comes out as a shape that does not fit. */
  long[] shape(TensorFile file);

  /** Its numbers. */
  Tensor read(TensorFile file);

  /** The same of tensors that have other names. */
  Place renamed(UnaryOperator<String> rename);

  /** What of it stands there: tensors by their names, or parts of them in the order of writing. */
  Map<String, Tensor> stored(Tensor ours);

  /** A tensor that only has another name there. */
  static Place of(String name) {
    return new Whole(name, false);
  }

  /**
   * @param transposed whether its two axes are exchanged there
   */
  record Whole(String name, boolean transposed) implements Place {
    @Override
    public List<String> names() {
      return List.of(name);
    }

    @Override
    public Place renamed(UnaryOperator<String> rename) {
      return new Whole(rename.apply(name), transposed);
    }

    @Override
    public long[] shape(TensorFile file) {
      long[] stored = file.shape(name);
      return isTurned(stored) ? new long[] {stored[1], stored[0]} : stored;
    }

    @Override
    public Tensor read(TensorFile file) {
      Tensor stored = file.read(name);
      return isTurned(file.shape(name)) ? stored.t() : stored;
    }

    @Override
    public Map<String, Tensor> stored(Tensor ours) {
      return Map.of(name, transposed ? ours.t().contiguous() : ours);
    }

    private boolean isTurned(long[] stored) {
      return transposed && stored.length == 2;
    }
  }

  /** Tensors of equal shapes there, which are one here, along the first axis. */
  record Joined(List<String> names) implements Place {
    public Joined {
      names = List.copyOf(names);
    }

    @Override
    public Place renamed(UnaryOperator<String> rename) {
      return new Joined(names.stream().map(rename).toList());
    }

    @Override
    public long[] shape(TensorFile file) {
      long[] first = file.shape(names.getFirst());
      boolean equal = names.stream().allMatch(name -> Arrays.equals(file.shape(name), first));
      return equal && first.length > 0 ? scaled(first, names.size(), 1) : new long[0];
    }

    @Override
    public Tensor read(TensorFile file) {
      TensorVector parts = new TensorVector();
      names.forEach(name -> parts.push_back(file.read(name)));
      return torch.cat(parts, 0);
    }

    @Override
    public Map<String, Tensor> stored(Tensor ours) {
      Map<String, Tensor> parts = new LinkedHashMap<>();
      long rows = ours.size(0) / names.size();
      for (int i = 0; i < names.size(); i++) {
        parts.put(names.get(i), ours.narrow(0, i * rows, rows).contiguous());
      }
      return parts;
    }
  }

  /**
   * One of several equal parts, along the first axis, of a tensor there.
   *
   * @param index of the part, from 0
   * @param parts how many there are
   */
  record Part(String name, int index, int parts) implements Place {
    @Override
    public List<String> names() {
      return List.of(name);
    }

    @Override
    public Place renamed(UnaryOperator<String> rename) {
      return new Part(rename.apply(name), index, parts);
    }

    @Override
    public long[] shape(TensorFile file) {
      long[] whole = file.shape(name);
      boolean even = whole.length > 0 && whole[0] % parts == 0;
      return even ? scaled(whole, 1, parts) : new long[0];
    }

    @Override
    public Tensor read(TensorFile file) {
      Tensor whole = file.read(name);
      long rows = whole.size(0) / parts;
      return whole.narrow(0, index * rows, rows);
    }

    @Override
    public Map<String, Tensor> stored(Tensor ours) {
      return Map.of(name, ours);
    }
  }

  /**
   * A tensor that is computed from one there; it is not written back.
   *
   * @param to its shape
   * @param how from what is stored
   */
  @SuppressWarnings("ArrayRecordComponent") // copied in and out, never compared
  record Computed(String name, long[] to, UnaryOperator<Tensor> how) implements Place {
    public Computed {
      to = to.clone();
    }

    @Override
    public long[] to() {
      return to.clone();
    }

    @Override
    public List<String> names() {
      return List.of(name);
    }

    @Override
    public Place renamed(UnaryOperator<String> rename) {
      return new Computed(rename.apply(name), to, how);
    }

    @Override
    public long[] shape(TensorFile file) {
      return to.clone();
    }

    @Override
    public Tensor read(TensorFile file) {
      return how.apply(file.read(name));
    }

    @Override
    public Map<String, Tensor> stored(Tensor ours) {
      return Map.of();
    }
  }

  /** Our tensors as they are stored there. */
  static SequencedMap<String, Tensor> stored(
      SequencedMap<String, Place> places, Map<String, Tensor> ours) {
    SequencedMap<String, Tensor> theirs = new LinkedHashMap<>();
    places.forEach((name, place) ->
        place
            .stored(Objects.requireNonNull(ours.get(name), name))
            .forEach((there, tensor) ->
                theirs.merge(there, tensor, (a, b) -> torch.cat(new TensorVector(a, b), 0))));
    return theirs;
  }

  private static long[] scaled(long[] shape, int times, int parts) {
    long[] scaled = shape.clone();
    scaled[0] = scaled[0] * times / parts;
    return scaled;
  }
}
