package org.kat4j.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Masks of a pass that is recorded once and run again and again: they lie in the same memory every
 * time, which {@link #redraw} fills before a run.
 */
public final class RecordedMasks implements Masks {
  private record Place(Tensor memory, double kept) {}

  private final List<Place> places = new ArrayList<>();
  private int next;

  /** A pass begins: the next mask is its first. */
  public void rewind() {
    next = 0;
  }

  @Override
  public Tensor next(long[] shape, double kept, Tensor like) {
    if (next == places.size()) { // the first pass
      Tensor memory = torch.ones(shape).to(like.device(), like.scalar_type());
      places.add(new Place(Scope.keep(memory), kept));
    }
    return places.get(next++).memory;
  }

  /** New masks, drawn in the order in which a pass takes them; the host does not wait. */
  public void redraw(RandomStream random) {
    for (Place place : places) {
      try (Scope _ = Scope.open()) {
        Masks.draw(random, place.memory, place.kept);
      }
    }
  }

  /** Frees the memory. */
  public void free() {
    Scope.free(places.stream().map(Place::memory).toList());
    places.clear();
  }
}
