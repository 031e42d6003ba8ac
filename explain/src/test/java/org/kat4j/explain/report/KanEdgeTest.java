package org.kat4j.explain.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.kat4j.channel.KanMlp;
import org.kat4j.data.ImageSet;
import org.kat4j.data.ImageSources;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.model.ImageModel;
import org.kat4j.model.VisionTransformer;
import org.kat4j.torch.Context;

class KanEdgeTest {
  private static final int COUNT = 3;

  @Test
  void everyLayerHasItsStrongestEdgesBesideTheirStart() {
    var plain = (VisionTransformer.Spec) ImageModel.Spec.named("vit_nano").withInput(28, 1, 4);
    var spec = plain.withChannelMixer(new KanMlp.Spec(0.5, Chebyshev.Spec.example(), true, 0));
    ImageModel now = spec.build(Context.cpu(1));
    ImageModel start = spec.build(Context.cpu(2));
    ImageSet images = ImageSources.open("strokes", null, null).validation();
    Probe inputs = new ImageProbe(images, Inputs.read(images, IntStream.range(0, 4)));

    List<KanEdge> edges = KanEdge.strongest(now, start, inputs, COUNT);

    assertThat(edges).hasSize(2 * spec.depth() * COUNT);
    assertThat(edges.getFirst().title()).startsWith("block 0 fc1: ");
    assertThat(edges.getLast().layer()).isEqualTo("blocks." + (spec.depth() - 1) + ".mlp.fc2");
    for (KanEdge edge : edges) {
      assertThat(edge.x()).isSorted();
      assertThat(DoubleStream.of(edge.now()).sum()).isCloseTo(0, within(1e-9));
      assertThat(edge.now()).isNotEqualTo(edge.start());
    }
    // The model against itself has not moved.
    KanEdge same = KanEdge.strongest(now, now, inputs, 1).getFirst();
    assertThat(same.now()).isEqualTo(same.start());
    assertThat(same.now()).isEqualTo(edges.getFirst().now());
  }
}
