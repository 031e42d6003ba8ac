package org.kat4j.lab.p07;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.convolution.SelectedConvolution;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.function.kan.Selection;
import org.kat4j.function.kan.Selector;
import org.kat4j.lab.network.ImageNetwork;
import org.kat4j.lab.network.Network;
import org.kat4j.model.ConvNet;
import org.kat4j.model.ConvStack;
import org.kat4j.torch.Context;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/** A network whose layers choose their basis, as data. */
sealed interface Pool extends Network.Spec {
  @Override
  Choosing build(int in, int out, Context context);

  /** Operations change on the way: the pool's, then those of the chosen. */
  @Override
  default double flops(int in, int out) {
    return Double.NaN;
  }

  /** A network on the way through the three phases. */
  interface Choosing extends Network {
    /** Scales the members of each layer by what the layers before it give. */
    void calibrate(Tensor x);

    /** What chooses, first layer first. */
    List<? extends Selector<?>> selectors();

    /** The chosen members alone, shared with this network. */
    Network pruned();
  }

  /** A part with the function that makes it a network. */
  record Chosen(Part part, Forward function) implements Network {
    @FunctionalInterface
    interface Forward {
      Tensor of(Tensor x, Pass pass);
    }

    @Override
    public Tensor forward(Tensor x, Pass pass) {
      return function.of(x, pass);
    }

    @Override
    public void register(Registry registry) {
      part.register(registry);
    }
  }

  /**
   * Two layers of functions of rows, each choosing one basis for all of its edges.
   *
   * @param members to choose from
   * @param hidden width of the hidden layer
   */
  record OfLayers(List<KanLayer.Spec> members, int hidden) implements Pool {
    public OfLayers {
      members = List.copyOf(members);
    }

    @Override
    public Choosing build(int in, int out, Context context) {
      return new Layers(List.of(layer(in, hidden, context), layer(hidden, out, context)));
    }

    private Selection layer(int in, int out, Context context) {
      List<KanLayer> built = new ArrayList<>();
      members.forEach(member -> built.add(member.build(in, out, context)));
      return new Selection(built, out, Selector.Granularity.LAYER, context);
    }

    private record Layers(List<Selection> layers) implements Choosing {
      @Override
      public Tensor forward(Tensor x, Pass pass) {
        return stack(layers).forward(x, pass);
      }

      private static KanStack stack(List<? extends KanLayer> layers) {
        return new KanStack("layers", List.copyOf(layers));
      }

      @Override
      public void calibrate(Tensor x) {
        try (Scope _ = Scope.open();
            var _ = Scope.noGradients()) {
          Tensor input = x;
          for (Selection layer : layers) {
            layer.selector().calibrate(input);
            input = layer.forward(input, Pass.evaluation());
          }
        }
      }

      @Override
      public List<? extends Selector<?>> selectors() {
        return layers.stream().map(Selection::selector).toList();
      }

      @Override
      public Network pruned() {
        KanStack chosen = stack(layers.stream().map(Selection::pruned).toList());
        return new Chosen(chosen, chosen::forward);
      }

      @Override
      public void register(Registry registry) {
        stack(layers).register(registry);
      }
    }
  }

  /**
   * A network of convolutions on rows of pixels.
   *
   * @param model whose convolution is a selection
   */
  record OfConvolutions(ConvNet.Spec model) implements Pool {
    @Override
    public Choosing build(int in, int out, Context context) {
      return new Convolutions(new ImageNetwork.Spec(model), model.build(context).stack());
    }

    private record Convolutions(ImageNetwork.Spec spec, ConvStack stack) implements Choosing {
      @Override
      public Tensor forward(Tensor x, Pass pass) {
        return stack.forward(spec.images(x), pass);
      }

      @Override
      public void calibrate(Tensor x) {
        stack.calibrate(spec.images(x));
      }

      @Override
      public List<? extends Selector<?>> selectors() {
        return stack.selections().stream().map(SelectedConvolution::selector).toList();
      }

      @Override
      public Network pruned() {
        ConvStack chosen = stack.pruned();
        return new Chosen(chosen, (x, pass) -> chosen.forward(spec.images(x), pass));
      }

      @Override
      public void register(Registry registry) {
        stack.register(registry);
      }
    }
  }
}
