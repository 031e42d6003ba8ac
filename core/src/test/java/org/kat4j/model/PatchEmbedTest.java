package org.kat4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kat4j.kernel.Baselines;
import org.kat4j.torch.Backpropagation;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;

class PatchEmbedTest {
  /** What a GPU computes is what a CPU does, on images that are wider than high too. */
  @ParameterizedTest
  @CsvSource({"3, 4, 8, 8", "1, 2, 6, 4", "2, 1, 3, 3", "3, 5, 5, 10"})
  void theProductIsTheConvolution(int channels, int patch, int height, int width) {
    try (Scope _ = Scope.open()) {
      PatchEmbed embed =
          new PatchEmbed(channels, patch, 7, Context.cpu(1).withDType(DType.FLOAT64));
      Tensor images = Baselines.normal("float64", 2, channels, height, width);
      List<double[]> product = results(embed, images, PatchEmbed::asProduct);
      List<double[]> convolution = results(embed, images, PatchEmbed::asConvolution);
      for (int i = 0; i < product.size(); i++) {
        assertThat(product.get(i)).containsExactly(convolution.get(i), within(1e-12));
      }
    }
  }

  /** Tokens, and the gradients of images, weight and bias. */
  private static List<double[]> results(
      PatchEmbed embed, Tensor images, BiFunction<PatchEmbed, Tensor, Tensor> forward) {
    Tensor leaf = Backpropagation.leaf(images, DType.FLOAT64);
    Tensor tokens = forward.apply(embed, leaf);
    Backpropagation.run(tokens.mul(tokens).sum());
    List<double[]> all =
        new ArrayList<>(List.of(Memory.doubles(tokens), Memory.doubles(leaf.grad())));
    for (Tensor parameter : List.of(embed.weight(), embed.bias())) {
      all.add(Memory.doubles(parameter.grad()));
      parameter.mutable_grad().reset();
    }
    return all;
  }
}
