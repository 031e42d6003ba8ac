package org.kat4j.model;

import java.util.List;
import org.kat4j.config.Kinds;
import org.kat4j.model.kacq.KacqDcnn;

/** The models that come with the library. */
public final class CoreModels implements Kinds {
  @Override
  public List<Class<? extends Record>> records() {
    return List.of(
        VisionTransformer.Spec.class,
        ConvNet.Spec.class,
        MetaFormer.Spec.class,
        CausalTransformer.Spec.class,
        Perceptron.Spec.class,
        KanNetwork.Spec.class,
        KacqDcnn.Spec.class);
  }
}
