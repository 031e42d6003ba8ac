package org.kat4j.lab.p07;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.convolution.SelectedConvolution;
import org.kat4j.function.kan.Selector;
import org.kat4j.model.ConvNet;
import org.kat4j.model.Model;

/** What happens to a model whose layers choose their basis, on its way through the phases. */
interface Choice {
  /** Whether a model has something to choose. */
  static boolean isIn(Model.Spec spec) {
    return switch (spec) {
      case PoolNetwork.Spec _ -> true;
      case ConvNet.Spec net -> net.convolution() instanceof SelectedConvolution.Spec;
      default -> false;
    };
  }

  /** That of a model. */
  static Choice of(Model model) {
    return switch (model) {
      case PoolNetwork pool -> pool;
      case ConvNet net -> new OfConvolutions(net);
      default -> throw new IllegalArgumentException("nothing to choose in " + model.spec());
    };
  }

  /** Scales the members of each layer by what the layers before it give for these inputs. */
  void calibrate(Tensor inputs);

  /** What chooses, first layer first. */
  List<? extends Selector<?>> selectors();

  /** The model of the chosen members alone, whose weights it shares. */
  Model chosen();

  /** Of convolutions that are pools. */
  record OfConvolutions(ConvNet net) implements Choice {
    @Override
    public void calibrate(Tensor inputs) {
      net.stack().calibrate(inputs);
    }

    @Override
    public List<? extends Selector<?>> selectors() {
      return net.stack().selections().stream().map(SelectedConvolution::selector).toList();
    }

    @Override
    public Model chosen() {
      return net.pruned();
    }
  }
}
