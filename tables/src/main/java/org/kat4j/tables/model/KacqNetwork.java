package org.kat4j.tables.model;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.model.kacq.KacqDcnn;
import org.kat4j.torch.Losses;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** {@link KacqDcnn} as a classifier of two classes. */
record KacqNetwork(KacqDcnn model) implements Network {
  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return Losses.twoLogits(model.forward(x, pass));
  }

  @Override
  public void register(Registry registry) {
    model.register(registry);
  }
}
