package org.kat4j.model;

import java.util.List;
import java.util.Set;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.StateDict;

/**
 * A whole network: what is trained, saved, explained and served.
 *
 * <p>What it computes is in the interface of its kind, one for each {@link Signature}: {@link
 * ImageModel}, {@link TokenModel}, {@link RowModel}. Only objectives and those who serve one kind
 * call {@code forward}; training loop, weights and reports work on any model.
 *
 * <p>It owns its weights, which lie outside the Java heap: whoever builds or loads one closes it.
 */
public interface Model extends Part, AutoCloseable {
  /** What it was built from; enough to build it again. */
  Spec spec();

  /** State-dict names that weight decay leaves alone, besides vectors and biases. */
  default Set<String> noWeightDecay() {
    return StateDict.undecayed(this);
  }

  /** Frees the weights and their gradients; the model cannot be used any more. */
  @Override
  default void close() {
    StateDict.free(this);
  }

  /**
   * A model as data: a record, validated, bound from YAML, stored in the metadata of its weights.
   *
   * <p>Further kinds are announced by a {@link org.kat4j.config.Kinds} of their module.
   */
  interface Spec {
    /** A freshly initialised model. */
    Model build(Context context);

    /** What goes into it and comes out. */
    Signature signature();

    /**
     * The same model for other inputs and outputs.
     *
     * @throws org.kat4j.error.UserException where it is not made for such
     */
    Spec fittedTo(Signature other);

    /** Multiply-accumulates of one forward of one sample. */
    long macs();

    /** The kind of model where none is named. */
    static Spec example() {
      return VisionTransformer.Spec.example();
    }

    /** A registered model by name; see {@link Registered}. */
    static Spec named(String name) {
      return Registered.named(name);
    }

    /** The names of registered models. */
    static List<String> names() {
      return Registered.names();
    }
  }
}
