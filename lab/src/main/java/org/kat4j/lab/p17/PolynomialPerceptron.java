package org.kat4j.lab.p17;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.Linear;
import org.kat4j.function.PolynomialComposition;
import org.kat4j.lab.network.Network;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** Linear, polynomial composition, linear: a perceptron of one hidden layer, with biases. */
final class PolynomialPerceptron implements Network {
  /**
   * @param hidden width of the hidden layer
   * @param composition its activation
   */
  record Spec(int hidden, PolynomialComposition.Spec composition) implements Network.Spec {
    @Override
    public PolynomialPerceptron build(int in, int out, Context context) {
      return new PolynomialPerceptron(this, in, out, context);
    }

    /** A multiply-add for each power of a hidden unit; PolyNorm squares, sums and scales it too. */
    @Override
    public double flops(int in, int out) {
      double ofPower = composition.form() == PolynomialComposition.Form.POLY_NORM ? 6 : 2;
      return 2.0 * hidden * (in + out) + ofPower * hidden * composition.order();
    }
  }

  private final Linear fc1;
  private final PolynomialComposition act;
  private final Linear fc2;

  private PolynomialPerceptron(Spec spec, int in, int out, Context context) {
    fc1 = new Linear(in, spec.hidden, true, context);
    act = spec.composition.build(context);
    fc2 = new Linear(spec.hidden, out, true, context);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return fc2.forward(act.forward(fc1.forward(x)));
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", fc1);
    registry.part("act", act);
    registry.part("fc2", fc2);
  }
}
