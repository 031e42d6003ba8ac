package org.kat4j.lab.network;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.ImageModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** An image model on rows of pixels, as {@link FlatImages} gives them. */
public final class ImageNetwork implements Network {
  /**
   * @param model whose input and classes are those of the rows
   */
  public record Spec(ImageModel.Spec model) implements Network.Spec {
    @Override
    public ImageNetwork build(int in, int out, Context context) {
      return new ImageNetwork(model.build(context));
    }

    @Override
    public double flops(int in, int out) {
      return 2.0 * model.macs();
    }

    /** Rows as images {@code [rows, channels, size, size]}. */
    public Tensor images(Tensor rows) {
      Signature.Images input = model.signature();
      return rows.view(-1, input.channels(), input.height(), input.width());
    }
  }

  private final Spec spec;
  private final ImageModel model;

  private ImageNetwork(ImageModel model) {
    this.model = model;
    spec = new Spec(model.spec());
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return model.forward(spec.images(x), pass);
  }

  @Override
  public void register(Registry registry) {
    model.register(registry);
  }
}
