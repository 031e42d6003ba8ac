package org.kat4j.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.kat4j.convolution.Convolution;
import org.kat4j.convolution.SelectedConvolution;
import org.kat4j.function.Linear;
import org.kat4j.torch.BatchNorm;
import org.kat4j.torch.Context;
import org.kat4j.torch.Dropout;
import org.kat4j.torch.Part;
import org.kat4j.torch.Pass;
import org.kat4j.torch.Registry;
import org.kat4j.torch.Scope;

/**
 * The stages and the classifier of a {@link ConvNet}: {@code [batch, channels, size, size]} to
 * logits {@code [batch, classes]}.
 *
 * <p>Taps: {@code stages.i} after the pooling, {@code pooled} before the classifier.
 */
public final class ConvStack implements Part {
  private record Stage(Convolution convolution, @Nullable BatchNorm norm) implements Part {
    @Override
    public void register(Registry registry) {
      registry.part("convolution", convolution);
      if (norm != null) {
        registry.part("norm", norm);
      }
    }
  }

  private final ConvNet.Spec spec;
  private final List<Stage> stages;
  private final Linear head;

  private ConvStack(ConvNet.Spec spec, List<Stage> stages, Linear head) {
    this.spec = spec;
    this.stages = List.copyOf(stages);
    this.head = head;
  }

  static ConvStack build(ConvNet.Spec spec, Context context) {
    List<Stage> stages = new ArrayList<>();
    for (int i = 0; i < spec.stages(); i++) {
      int out = spec.widthAfter(i);
      Convolution convolution = spec.convolution().build(spec.widthBefore(i), out, context);
      boolean norm = spec.norm() == ConvNet.Norm.BATCH;
      stages.add(new Stage(convolution, norm ? new BatchNorm(out, context) : null));
    }
    return new ConvStack(spec, stages, new Linear(spec.features(), spec.classes(), true, context));
  }

  /** Logits of images. */
  public Tensor forward(Tensor images, Pass pass) {
    Tensor x = images;
    for (int i = 0; i < stages.size(); i++) {
      x = forward(stages.get(i), x, pass.at("stages." + i)); // [batch, width 2^i, side, side]
      pass.tap().record("stages." + i, x);
    }
    Tensor pooled = spec.readout().of(x); // [batch, features]
    pass.tap().record("pooled", pooled);
    return head.forward(Dropout.elements(pooled, spec.headDropout(), pass));
  }

  private Tensor forward(Stage stage, Tensor x, Pass pass) {
    Tensor y = stage.convolution.forward(x, pass);
    Tensor normed = stage.norm == null ? y : stage.norm.forwardImages(y, pass);
    return spec.pooling().of(spec.activation().apply(normed));
  }

  /** The pools that choose their basis, first stage first; none where the convolution is fixed. */
  public List<SelectedConvolution> selections() {
    return stages.stream()
        .map(Stage::convolution)
        .filter(SelectedConvolution.class::isInstance)
        .map(SelectedConvolution.class::cast)
        .toList();
  }

  /** Calibrates the pools, each by what the stages before it give for these images. */
  public void calibrate(Tensor images) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      Tensor x = images;
      for (Stage stage : stages) {
        if (stage.convolution instanceof SelectedConvolution pool) {
          pool.selector().calibrate(x);
        }
        x = forward(stage, x, Pass.evaluation());
      }
    }
  }

  /** The same with the chosen members of its pools alone, which it shares with this one. */
  public ConvStack pruned() {
    List<Stage> chosen = new ArrayList<>();
    for (Stage stage : stages) {
      Convolution convolution =
          stage.convolution instanceof SelectedConvolution pool ? pool.pruned() : stage.convolution;
      chosen.add(new Stage(convolution, stage.norm));
    }
    return new ConvStack(spec, chosen, head);
  }

  @Override
  public void register(Registry registry) {
    for (int i = 0; i < stages.size(); i++) {
      registry.part("stages." + i, stages.get(i));
    }
    registry.part("head", head);
  }
}
