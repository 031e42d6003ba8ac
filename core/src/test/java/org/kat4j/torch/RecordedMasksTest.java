package org.kat4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

final class RecordedMasksTest {
  private static final double KEPT = 0.7;

  @Test
  void theyAreWhatAPassWouldDraw() {
    RandomStream random = new RandomStream(5);
    RecordedMasks masks = new RecordedMasks();
    try (Scope _ = Scope.open()) {
      Tensor like = torch.zeros(8, 3);
      pass(masks, like);
      for (int step = 0; step < 2; step++) {
        masks.redraw(random);
        Tensor[] recorded = pass(masks, like);
        assertThat(recorded[0].equal(recorded[1])).isFalse();
      }
      // The third pass of the same stream.
      Masks drawn = new Masks.Drawn(new RandomStream(5));
      pass(drawn, like);
      pass(drawn, like);
      masks.redraw(random);
      Tensor[] recorded = pass(masks, like);
      Tensor[] fresh = pass(drawn, like);
      assertThat(recorded[0].equal(fresh[0])).isTrue();
      assertThat(recorded[1].equal(fresh[1])).isTrue();
      masks.free();
    }
  }

  @Test
  void theyLieInTheSameMemoryInEveryPass() {
    RecordedMasks masks = new RecordedMasks();
    try (Scope _ = Scope.open()) {
      Tensor like = torch.zeros(8, 3);
      Tensor first = pass(masks, like)[1];
      masks.redraw(new RandomStream(6));
      assertThat(pass(masks, like)[1].data_ptr().address()).isEqualTo(first.data_ptr().address());
      masks.free();
    }
  }

  /** Two masks, as a pass with two dropouts takes them. */
  private static Tensor[] pass(Masks masks, Tensor like) {
    if (masks instanceof RecordedMasks recorded) {
      recorded.rewind();
    }
    return new Tensor[] {
      masks.next(new long[] {8, 1}, KEPT, like), masks.next(new long[] {8, 1}, KEPT, like)
    };
  }
}
