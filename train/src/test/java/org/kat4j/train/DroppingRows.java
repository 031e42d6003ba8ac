package org.kat4j.train;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Kind;
import org.kat4j.config.Kinds;
import org.kat4j.function.Activation;
import org.kat4j.function.Linear;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;

/**
 * A model of pairs with dropout between its two layers: no model of rows that is shipped has it.
 */
public record DroppingRows(Spec spec, Linear in, Linear out) implements RowModel {
  private static final int HIDDEN = 16;

  @Kind("dropping-rows")
  public record Spec() implements RowModel.Spec {
    public static Spec example() {
      return new Spec();
    }

    @Override
    public DroppingRows build(Context context) {
      return new DroppingRows(
          this, new Linear(2, HIDDEN, true, context), new Linear(HIDDEN, 2, true, context));
    }

    @Override
    public Signature.Rows signature() {
      return new Signature.Rows(2, 2);
    }

    @Override
    public Spec fittedTo(Signature other) {
      return this;
    }

    @Override
    public long macs() {
      return 4L * HIDDEN;
    }
  }

  /** Announced in the resources of the tests. */
  public static final class Announced implements Kinds {
    @Override
    public List<Class<? extends Record>> records() {
      return List.of(Spec.class);
    }
  }

  @Override
  public Tensor forward(Tensor rows, Pass pass) {
    Tensor hidden = Activation.GELU.apply(in.forward(rows)); // [batch, hidden]
    return out.forward(Dropout.elements(hidden, 0.3, pass));
  }

  @Override
  public void register(Registry registry) {
    registry.part("in", in);
    registry.part("out", out);
  }
}
