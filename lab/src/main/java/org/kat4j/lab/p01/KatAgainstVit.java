package org.kat4j.lab.p01;

import java.util.List;
import org.kat4j.augment.Augmentation;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GroupRationalMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.function.GroupRational;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.image.Images;
import org.kat4j.lab.image.Recipe;
import org.kat4j.model.ImageModel;
import org.kat4j.model.VisionTransformer;
import org.kat4j.task.Measure;

/** Experiment (b) of sheet 01: KAT and its ViT twin on small colour images. */
public final class KatAgainstVit implements Claim {
  private static final String STUDY = "CIFAR-10 at 32 px";
  private static final int SIDE = 32;

  private static final String KAT = "KAT";
  private static final String GELU = "ViT gelu";
  private static final String SILU = "ViT silu";
  private static final String IDENTITY = "KAT identity";

  @Override
  public About about() {
    return new About(
        1,
        "Kolmogorov-Arnold Transformer (arXiv 2409.10594)",
        "A transformer whose perceptrons are GR-KAN layers classifies at least as well as its ViT twin"
            + " of equal size, and both rational functions starting as the identity is clearly worse.",
        "KAT is not worse than ViT with GELU by half a point, and beats KAT with identity and identity"
            + " by more than half a point.",
        "KAT is worse than ViT by more than half a point, or the start of the functions makes no"
            + " difference that matters.",
        "32 px, width 64, depth 4 and a few thousand images instead of ImageNet; mimetic attention and"
            + " KAT's variance-preserving start in every arm, so that only the channel mixer differs.",
        1);
  }

  @Override
  public List<Study> studies(Budget budget) {
    int train = budget.of(1000, 6000, 45_000);
    int validation = budget.of(500, 1000, 5000);
    int test = budget.of(1000, 2000, 10_000);
    var task = Images.task("cifar10", new Augmentation(true, 4));
    Training training = Recipe.transformers(task, budget.of(3, 10, 100), 64);
    return List.of(
        new Study(
            STUDY,
            "%,d images, validated on %,d others, tested on %,d, patches of 4, width 64, depth 4, crop and flip, AdamW with decay 0.05 and cosine, %d epochs of batches of 64"
                .formatted(train, validation, test, training.epochs()),
            Measure.ACCURACY,
            Study.Match.PARAMETERS,
            List.of(1e-3, 2e-3),
            List.of(
                arm(GELU, "MLP with GELU", new Mlp.Spec(4, Mlp.Activation.GELU, 0)),
                arm(SILU, "MLP with SiLU", new Mlp.Spec(4, Mlp.Activation.SILU, 0)),
                arm(KAT, "GR-KAN, identity and swish", rational("swish")),
                arm(IDENTITY, "GR-KAN, identity and identity", rational("identity"))),
            training.on(Images.of(task, train, validation, test))));
  }

  private static GroupRationalMlp.Spec rational(String second) {
    return new GroupRationalMlp.Spec(4, GroupRational.Spec.example(), "identity", second, 0);
  }

  private static Arm arm(String name, String what, ChannelMixer.Spec mixer) {
    var kat = (VisionTransformer.Spec) ImageModel.Spec.named("kat_nano").withInput(SIDE, 3, 10);
    return Arm.of(name, what, kat.withChannelMixer(mixer));
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> here = List.of(STUDY);
    return List.of(
        Comparison.notWorse("KAT is not worse than its ViT twin", here, KAT, GELU, 0.5),
        Comparison.better(
            "a start at identity and swish beats identity and identity", here, KAT, IDENTITY, 0.5),
        Comparison.better("KAT beats its ViT twin", here, KAT, GELU, 0.5).forInformation(),
        Comparison.better("KAT beats ViT with SiLU", here, KAT, SILU, 0.5).forInformation());
  }
}
