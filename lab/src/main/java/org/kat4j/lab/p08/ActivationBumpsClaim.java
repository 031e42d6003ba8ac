package org.kat4j.lab.p08;

import java.util.List;
import java.util.Map;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.ActivationBumps;
import org.kat4j.function.kan.ActivationBumps.Combination;
import org.kat4j.function.kan.ActivationBumps.Norm;
import org.kat4j.function.kan.ActivationBumps.Reduction;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.Width;
import org.kat4j.lab.network.FlatImages;
import org.kat4j.lab.network.Networks;
import org.kat4j.model.Perceptron;
import org.kat4j.optim.AdamW;
import org.kat4j.task.Measure;
import org.kat4j.train.Decay;

/** Sheet 08: AF-KAN beside perceptrons, one of which has its layer norm. */
public final class ActivationBumpsClaim implements Claim {
  private static final String STUDY = "Fashion-MNIST, equal parameters";
  private static final int PIXELS = 784;
  private static final int CLASSES = 10;

  private static final String ATTENTION = "AF-KAN, attention";
  private static final String MULTISTEP = "AF-KAN, linear";
  private static final String PLAIN = "MLP silu";
  private static final String NORMED = "MLP silu, layer norm";
  private static final String RADIAL = "FastKAN";

  @Override
  public About about() {
    return new About(
        8,
        "AF-KAN: activation function-based KANs",
        "AF-KAN beats an MLP of as many parameters on Fashion-MNIST.",
        "AF-KAN is ahead of the MLP that has a layer norm before each weight, as AF-KAN has.",
        "The MLP with layer norm is level or ahead.",
        "Shuffled training images; scores of the last epoch on test images instead of the best epoch on"
            + " them; every layer runs the reduction that is asked for.",
        2);
  }

  @Override
  public List<Study> studies(Budget budget) {
    Training training =
        Training.adam(budget.of(3, 10, 35), 64, new Decay.Cosine())
            .with(Map.of("optimizer", new AdamW.Spec(1e-3, 1e-4, 0.9, 0.999, 1e-8)));
    int train = budget.of(2000, 50_000, 55_000);
    int others = budget.of(1000, 5000, 5000);
    Arm attention = bumps(ATTENTION, Reduction.GLOBAL_ATTN);
    Arm normed = perceptron(NORMED, true, attention);
    return List.of(
        new Study(
            STUDY,
            "%,d images, validated on %,d others, tested on 10,000, AdamW with decay 1e-4 and cosine, %d epochs of batches of 64"
                .formatted(train, others, training.epochs()),
            Measure.ACCURACY,
            Study.Match.PARAMETERS,
            List.of(1e-3, 3e-3),
            List.of(
                attention,
                bumps(MULTISTEP, Reduction.MULTISTEP),
                normed,
                perceptron(PLAIN, false, attention),
                radial(attention)),
            training.on(FlatImages.of("fashion-mnist", train, others, 10_000))));
  }

  private static Arm bumps(String name, Reduction reduction) {
    var layer =
        new ActivationBumps.Spec(
            3, 3, Activation.SILU, Combination.QUAD1, false, reduction, Norm.LAYER, 1e-5);
    return Arm.of(name, "[784, 64, 10], g 3, k 3", Networks.kan(PIXELS, 64, CLASSES, layer));
  }

  private static Arm perceptron(String name, boolean layerNorm, Arm like) {
    int width = Width.nearest(like.parameters(), h -> Networks.parameters(spec(h, layerNorm)));
    return Networks.arm(name, spec(width, layerNorm));
  }

  private static Perceptron.Spec spec(int hidden, boolean layerNorm) {
    return new Perceptron.Spec(PIXELS, CLASSES, List.of(hidden), Activation.SILU, layerNorm);
  }

  private static Arm radial(Arm like) {
    RadialBasis.Spec layer = RadialBasis.Spec.example();
    int width =
        Width.nearest(
            like.parameters(), h -> Networks.parameters(Networks.kan(PIXELS, h, CLASSES, layer)));
    return Arm.of(
        RADIAL,
        "[784, %d, 10], 8 centres".formatted(width),
        Networks.kan(PIXELS, width, CLASSES, layer));
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> here = List.of(STUDY);
    return List.of(
        Comparison.better("AF-KAN beats the MLP with layer norm", here, ATTENTION, NORMED, 0.3),
        Comparison.better("AF-KAN beats the plain MLP", here, ATTENTION, PLAIN, 0.3)
            .forInformation(),
        Comparison.better(
                "its linear form beats the MLP with layer norm", here, MULTISTEP, NORMED, 0.3)
            .forInformation(),
        Comparison.better("AF-KAN beats FastKAN", here, ATTENTION, RADIAL, 0.3).forInformation());
  }
}
