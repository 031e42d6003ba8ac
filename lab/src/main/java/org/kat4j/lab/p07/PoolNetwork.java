package org.kat4j.lab.p07;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.config.Records;
import org.kat4j.function.kan.KanLayer;
import org.kat4j.function.kan.KanStack;
import org.kat4j.function.kan.Selection;
import org.kat4j.function.kan.Selector;
import org.kat4j.model.Model;
import org.kat4j.model.RowModel;
import org.kat4j.model.Signature;
import org.kat4j.torch.Context;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/** Two layers of functions of rows, each choosing one basis for all of its edges. */
final class PoolNetwork implements RowModel, Choice {
  /**
   * @param features numbers of a row
   * @param outputs numbers of an answer
   * @param members to choose from
   * @param hidden width of the hidden layer
   */
  record Spec(int features, int outputs, List<KanLayer.Spec> members, int hidden)
      implements RowModel.Spec {
    Spec {
      members = List.copyOf(members);
    }

    @Override
    public PoolNetwork build(Context context) {
      return new PoolNetwork(
          this, List.of(layer(features, hidden, context), layer(hidden, outputs, context)));
    }

    private Selection layer(int in, int out, Context context) {
      List<KanLayer> built = new ArrayList<>();
      members.forEach(member -> built.add(member.build(in, out, context)));
      return new Selection(built, out, Selector.Granularity.LAYER, context);
    }

    @Override
    public Signature.Rows signature() {
      return new Signature.Rows(features, outputs);
    }

    @Override
    public Spec fittedTo(Signature other) {
      return Records.with(this, Signature.Rows.fields(other));
    }

    /** Of all members together, before the choice. */
    @Override
    public long macs() {
      return members.stream()
          .mapToLong(member -> member.macs(features, hidden) + member.macs(hidden, outputs))
          .sum();
    }
  }

  private final Spec spec;
  private final List<Selection> layers;

  private PoolNetwork(Spec spec, List<Selection> layers) {
    this.spec = spec;
    this.layers = layers;
  }

  private static KanStack stack(List<? extends KanLayer> layers) {
    return new KanStack("layers", List.copyOf(layers));
  }

  @Override
  public Tensor forward(Tensor rows, Pass pass) {
    return stack(layers).forward(rows, pass);
  }

  @Override
  public void calibrate(Tensor inputs) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor input = inputs;
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
  public Model chosen() {
    return new Chosen(spec, stack(layers.stream().map(Selection::pruned).toList()));
  }

  @Override
  public Spec spec() {
    return spec;
  }

  @Override
  public void register(Registry registry) {
    stack(layers).register(registry);
  }

  /** The chosen members of a pool. */
  private record Chosen(Spec spec, KanStack stack) implements RowModel {
    @Override
    public Tensor forward(Tensor rows, Pass pass) {
      return stack.forward(rows, pass);
    }

    @Override
    public void register(Registry registry) {
      stack.register(registry);
    }
  }
}
