package org.kat4j.lab.network;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.Model;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** An image model on rows of pixels, as {@link FlatImages} gives them. */
public final class ImageNetwork implements Network {
  /**
   * @param model whose input and classes are those of the rows
   */
  public record Spec(Model.Spec model) implements Network.Spec {
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
      return rows.view(-1, model.channels(), model.imageSize(), model.imageSize());
    }
  }

  private final Spec spec;
  private final Model model;

  private ImageNetwork(Model model) {
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
