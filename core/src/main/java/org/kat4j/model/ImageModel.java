package org.kat4j.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.error.UserException;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;

/** A network that classifies images. */
public interface ImageModel extends Model {
  /**
   * @param images {@code [batch, channels, height, width]}, normalised
   * @return logits {@code [batch, classes]}
   */
  Tensor forward(Tensor images, Pass pass);

  @Override
  Spec spec();

  /** A model of images. */
  static ImageModel of(Model model) {
    if (model instanceof ImageModel images) {
      return images;
    }
    throw new UserException(
        "this model does not classify images: " + model.spec().signature().describe());
  }

  /** A model of images as data. */
  interface Spec extends Model.Spec {
    @Override
    ImageModel build(Context context);

    @Override
    Signature.Images signature();

    /** The same model for other square images and classes. */
    Spec withInput(int imageSize, int channels, int classes);

    @Override
    default Spec fittedTo(Signature other) {
      if (!(other instanceof Signature.Images images)) {
        throw new UserException("this model classifies images, not: " + other.describe());
      }
      if (images.height() != images.width()) {
        throw new UserException(
            "images of %d x %d pixels, models take square ones: set task.data.imageSize to cut them"
                .formatted(images.width(), images.height()));
      }
      return withInput(images.height(), images.channels(), images.outputs());
    }

    /** A registered model of images by name; see {@link Registered}. */
    static Spec named(String name) {
      return of(Model.Spec.named(name));
    }

    /** A model of images as data. */
    static Spec of(Model.Spec spec) {
      if (spec instanceof Spec images) {
        return images;
      }
      throw new UserException(
          "this model does not classify images: " + spec.signature().describe());
    }
  }
}
