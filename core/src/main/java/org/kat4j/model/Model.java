package org.kat4j.model;

import java.util.Arrays;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.StateDict;

/**
 * A whole network that classifies images.
 *
 * <p>It owns its weights, which lie outside the Java heap: whoever builds or loads one closes it.
 */
public interface Model extends Part, AutoCloseable {
  /** What it was built from; enough to build it again. */
  Spec spec();

  /**
   * @param images {@code [batch, channels, size, size]}, normalised
   * @return logits {@code [batch, classes]}
   */
  Tensor forward(Tensor images, Pass pass);

  /** State-dict names that weight decay leaves alone, besides vectors and biases. */
  Set<String> noWeightDecay();

  /** Frees the weights and their gradients; the model cannot be used any more. */
  @Override
  default void close() {
    StateDict.free(this);
  }

  /** A model as data: validated, bound from YAML, stored in the metadata of its weights. */
  sealed interface Spec permits VisionTransformer.Spec, ConvNet.Spec {
    /** A freshly initialised model. */
    Model build(Context context);

    /** Multiply-accumulates of one forward of one image. */
    long macs();

    /** Side of the square input in pixels. */
    int imageSize();

    /** Colour channels of the input. */
    int channels();

    /** Number of classes. */
    int classes();

    /** The same model for other images and classes. */
    Spec withInput(int imageSize, int channels, int classes);

    /** Refuses images of another shape than {@code [batch, channels, imageSize, imageSize]}. */
    default void checkShape(Tensor images) {
      long[] shape = images.shape();
      if (shape.length != 4
          || shape[1] != channels()
          || shape[2] != imageSize()
          || shape[3] != imageSize()) {
        throw new IllegalArgumentException(
            "images %s: [batch, %d, %d, %d] is expected"
                .formatted(Arrays.toString(shape), channels(), imageSize(), imageSize()));
      }
    }

    /** A registered model by name; see {@link Registered}. */
    static Spec named(String name) {
      return Registered.named(name);
    }
  }
}
