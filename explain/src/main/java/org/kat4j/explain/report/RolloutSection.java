package org.kat4j.explain.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import org.kat4j.explain.figure.Numbers;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Illustration;
import org.kat4j.image.Png;
import org.kat4j.model.VisionTransformer;

/** Where a model of images looks. */
final class RolloutSection {
  private static final int SHOWN = 8;

  private final ImageExamination examination;

  RolloutSection(ImageExamination examination) {
    this.examination = examination;
  }

  /** Where the model looks: attention rolled out over some images. */
  void draw(Content content) {
    if (!(examination.model().spec() instanceof VisionTransformer.Spec spec)) {
      content.note("Attention is rolled out for vision transformers only.");
      return;
    }
    List<Inputs> shown = firstOfEachClass();
    int prefix = spec.prefixTokens();
    boolean fromToken = spec.pooling() == VisionTransformer.Pooling.TOKEN;
    List<double[]> weights =
        Rollout.of(
            examination.model(), new ImageProbe(examination.images(), shown), prefix, fromToken);
    if (weights.isEmpty()) {
      content.note("This model's token mixer has no attention weights.");
      return;
    }
    content.text(
        "Attention of all layers multiplied through, heads averaged, half of each layer being its residual"
            + " connection (Abnar and Zuidema): the patches that "
            + (fromToken ? "the class token" : "the mean of the patches")
            + " follows from, orange for most.");
    var pictures = new ArrayList<Illustration>();
    for (int i = 0; i < shown.size(); i++) {
      double[] all = weights.get(i);
      double[] patches = Arrays.copyOfRange(all, prefix, all.length);
      int image = shown.get(i).image();
      var overlay = Overlay.of(examination.images().picture(image), patches);
      pictures.add(new Illustration(Png.encode(overlay), name(examination.images().label(image))));
    }
    content.pictures(pictures);
    content.note(
        "Weights from the least to the largest of each image; the largest patch has "
            + Numbers.brief(
                weights.stream().mapToDouble(RolloutSection::largest).max().orElse(0), 2)
            + " of the sum where even weights would have "
            + Numbers.brief(1.0 / weights.getFirst().length, 2)
            + ".");
  }

  private static double largest(double[] weights) {
    return Arrays.stream(weights).max().orElse(0);
  }

  private List<Inputs> firstOfEachClass() {
    var classes = new LinkedHashSet<Integer>();
    return examination.probe().inputs().stream()
        .filter(
            one -> classes.size() < SHOWN && classes.add(examination.images().label(one.image())))
        .toList();
  }

  private String name(int label) {
    return examination.images().classNames().get(label);
  }
}
