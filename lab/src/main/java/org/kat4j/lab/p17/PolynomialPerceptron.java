package org.kat4j.lab.p17;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Records;
import org.kat4j.function.Linear;
import org.kat4j.function.PolynomialComposition;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/** Linear, polynomial composition, linear: a perceptron of one hidden layer, with biases. */
final class PolynomialPerceptron implements RowModel {
  /**
   * @param features numbers of a row
   * @param outputs numbers of an answer
   * @param hidden width of the hidden layer
   * @param composition its activation
   */
  record Spec(int features, int outputs, int hidden, PolynomialComposition.Spec composition)
      implements RowModel.Spec {
    @Override
    public PolynomialPerceptron build(Context context) {
      return new PolynomialPerceptron(this, context);
    }

    @Override
    public Signature.Rows signature() {
      return new Signature.Rows(features, outputs);
    }

    @Override
    public Spec fittedTo(Signature other) {
      return Records.with(this, Signature.Rows.fields(other));
    }

    /** A multiply-add for each power of a hidden unit; PolyNorm squares, sums and scales it too. */
    @Override
    public long macs() {
      int ofPower = composition.form() == PolynomialComposition.Form.POLY_NORM ? 3 : 1;
      return (long) hidden * (features + outputs) + (long) ofPower * hidden * composition.order();
    }
  }

  private final Spec spec;
  private final Linear fc1;
  private final PolynomialComposition act;
  private final Linear fc2;

  private PolynomialPerceptron(Spec spec, Context context) {
    this.spec = spec;
    fc1 = new Linear(spec.features, spec.hidden, true, context);
    act = spec.composition.build(context);
    fc2 = new Linear(spec.hidden, spec.outputs, true, context);
  }

  @Override
  public Tensor forward(Tensor x, Pass pass) {
    return fc2.forward(act.forward(fc1.forward(x)));
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public void register(Registry registry) {
    registry.part("fc1", fc1);
    registry.part("act", act);
    registry.part("fc2", fc2);
  }
}
