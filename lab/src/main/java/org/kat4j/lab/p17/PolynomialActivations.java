package org.kat4j.lab.p17;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.kat4j.augment.Augmentation;
import org.kat4j.channel.ChannelMixer;
import org.kat4j.channel.GatedMlp;
import org.kat4j.channel.Mlp;
import org.kat4j.channel.PolynomialMlp;
import org.kat4j.config.Records;
import org.kat4j.data.text.CharacterTokenizer;
import org.kat4j.function.Activation;
import org.kat4j.function.LayerNorm;
import org.kat4j.function.PolynomialComposition;
import org.kat4j.function.PolynomialComposition.Form;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Claim;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.image.Images;
import org.kat4j.lab.image.Recipe;
import org.kat4j.lab.language.Texts;
import org.kat4j.lab.network.Function;
import org.kat4j.lab.network.Networks;
import org.kat4j.model.CausalTransformer;
import org.kat4j.model.ImageModel;
import org.kat4j.model.VisionTransformer;
import org.kat4j.optim.AdamW;
import org.kat4j.task.Measure;
import org.kat4j.task.language.Language;
import org.kat4j.token.Attention;
import org.kat4j.train.Decay;
import org.kat4j.train.Schedule;

/**
 * Sheet 17: PolyReLU and PolyNorm against fixed activations and a gate in a language model, against
 * fixed activations in an image transformer and on formulas.
 */
public final class PolynomialActivations implements Claim {
  private static final String LANGUAGE = "tiny Shakespeare";
  private static final String IMAGES = "Fashion-MNIST";
  private static final int SIDE = 28;
  private static final int HIDDEN = 16;
  private static final int CHARACTERS = 65; // different ones in the text
  private static final int EPOCHS = 4; // looks at the validation text

  /** Of one character. */
  private static final Measure LOSS = new Measure("loss", "nats per character", false, false);

  private static final int ORDER = 3;

  private static final String POLY_RELU = "PolyReLU";
  private static final String POLY_NORM = "PolyNorm";
  private static final String RELU = "ReLU";
  private static final String GELU = "GELU";
  private static final String SILU = "SiLU";
  private static final String SQUARED_RELU = "squared ReLU";
  private static final String SWIGLU = "SwiGLU";

  /** Four times the width; of a gated perceptron, which has three matrices, 2/3 of it. */
  private static final double RATIO = 63 / 16.0;

  private static final double GATED_RATIO = 21 / 8.0;

  private static final Function CUBIC =
      new Function("x^2 y + y^3 / 2", 2, -1, 1, x -> x[0] * x[0] * x[1] + 0.5 * x[1] * x[1] * x[1]);
  private static final Function SMOOTH =
      new Function(
          "exp(sin(pi x) + y^2)", 2, -1, 1, x -> Math.exp(Math.sin(Math.PI * x[0]) + x[1] * x[1]));

  @Override
  public About about() {
    return new About(
        17,
        "PolyCom: polynomial composition activations (arXiv 2411.03884)",
        "PolyReLU and PolyNorm make a language model better than fixed activations and SwiGLU do, at"
            + " equal size.",
        "Each of the two has a lower loss than the best of SwiGLU, GELU, ReLU and squared ReLU, by more"
            + " than nothing, on text that was not trained on.",
        "The best of them is level with one of the two, or ahead: less than 0.01 nats per character"
            + " is no advantage.",
        "A model of characters with 160,000 parameters on a megabyte of Shakespeare instead of 1.3"
            + " billion on RedPajama; layer norms and learned positions. The perceptrons of the fixed"
            + " activations have biases, the others, as published, have not (0.6 % of the"
            + " parameters). The paper trains one seed. Images and formulas are for information: the"
            + " first formula is a cubic itself and so favours the polynomials.",
        2);
  }

  @Override
  public List<Study> studies(Budget budget) {
    List<Study> studies = new ArrayList<>();
    studies.add(language(budget));
    studies.add(images(budget));
    Training training =
        Training.adam(budget.of(300, 3000, 10_000), Training.ALL, new Decay.Cosine());
    studies.add(formula(CUBIC, training));
    studies.add(formula(SMOOTH, training));
    return studies;
  }

  /** The sheet's recipe; in the paper budget four times as wide windows and a deeper model. */
  private static Study language(Budget budget) {
    int steps = budget.of(60, 1200, 5000);
    int batch = budget.of(16, 16, 64);
    int tokens = budget.of(64, 64, 256);
    var task =
        new Language.Spec(
            "tiny-shakespeare", new CharacterTokenizer.Spec(), tokens, steps / EPOCHS, 0.05);
    double warmup = (double) budget.of(6, 100, 100) * EPOCHS / steps; // in epochs
    Training training =
        Training.adam(EPOCHS, batch, new Decay.Cosine())
            .with(
                Map.of(
                    "task",
                    task,
                    "optimizer",
                    new AdamW.Spec(1e-3, 0.1, 0.9, 0.95, 1e-8),
                    "schedule",
                    new Schedule(EPOCHS, warmup, 0, 1e-4, true),
                    "clipNorm",
                    1.0));
    int width = budget.of(64, 64, 384);
    int depth = budget.of(3, 3, 6);
    var shape =
        new CausalTransformer.Spec(
            CHARACTERS,
            tokens,
            width,
            depth,
            Attention.Spec.heads(budget.of(4, 4, 6)),
            gated(),
            List.of(),
            new LayerNorm.Spec(1e-5, true),
            CausalTransformer.Positions.LEARNED,
            /* tiedHead= */ false,
            0,
            0,
            CausalTransformer.Start.SMALL);
    return new Study(
        LANGUAGE,
        "the next character from up to %d before it; 90 %% of the text to learn from, 5 %% to validate on, the last 5 %% to test on; causal transformer of width %d, depth %d, AdamW with decay 0.1, cosine to 1e-4, %,d steps of %d windows"
            .formatted(tokens, width, depth, steps, batch),
        LOSS,
        Study.Match.PARAMETERS,
        List.of(1e-3, 3e-3),
        List.of(
            text(SWIGLU, "perceptron with a gate", shape, gated()),
            text(POLY_RELU, "cubic of ReLU", shape, polynomial(RATIO, Form.POLY_RELU)),
            text(POLY_NORM, "sum of normed powers", shape, polynomial(RATIO, Form.POLY_NORM)),
            text(RELU, "no gate", shape, plain(Mlp.Activation.RELU)),
            text(SQUARED_RELU, "no gate", shape, plain(Mlp.Activation.SQUARED_RELU)),
            text(GELU, "no gate", shape, plain(Mlp.Activation.GELU))),
        training.on(place -> Texts.open(task, place)));
  }

  private static Arm text(
      String name, String what, CausalTransformer.Spec shape, ChannelMixer.Spec mixer) {
    return Arm.of(name, what, Records.with(shape, Map.of("channelMixer", mixer)));
  }

  private static GatedMlp.Spec gated() {
    return new GatedMlp.Spec(GATED_RATIO, Mlp.Activation.SILU, false, 0);
  }

  private static Mlp.Spec plain(Mlp.Activation activation) {
    return new Mlp.Spec(RATIO, activation, 0);
  }

  private static Study images(Budget budget) {
    int train = budget.of(500, 3000, 55_000);
    int validation = budget.of(500, 1000, 5000);
    int test = budget.of(1000, 2000, 10_000);
    var task = Images.task("fashion-mnist", Augmentation.NONE);
    Training training = Recipe.transformers(task, budget.of(2, 8, 50), 64);
    return new Study(
        IMAGES,
        "%,d images, validated on %,d others, tested on %,d, ViT of width 64, depth 4, patches of 4, AdamW with decay 0.05 and cosine, %d epochs of batches of 64"
            .formatted(train, validation, test, training.epochs()),
        Measure.ACCURACY,
        Study.Match.PARAMETERS,
        List.of(1e-3, 2e-3),
        List.of(
            image(POLY_RELU, polynomial(4, Form.POLY_RELU)),
            image(POLY_NORM, polynomial(4, Form.POLY_NORM)),
            image(RELU, new Mlp.Spec(4, Mlp.Activation.RELU, 0)),
            image(GELU, new Mlp.Spec(4, Mlp.Activation.GELU, 0)),
            image(SILU, new Mlp.Spec(4, Mlp.Activation.SILU, 0))),
        training.on(Images.of(task, train, validation, test)));
  }

  private static PolynomialMlp.Spec polynomial(double ratio, Form form) {
    return new PolynomialMlp.Spec(ratio, new PolynomialComposition.Spec(form, ORDER), 0);
  }

  private static Arm image(String name, ChannelMixer.Spec mixer) {
    var vit = (VisionTransformer.Spec) ImageModel.Spec.named("vit_nano").withInput(SIDE, 1, 10);
    return Arm.of(name, name + " in every perceptron", vit.withChannelMixer(mixer));
  }

  private static Study formula(Function target, Training training) {
    Arm first = polynomial(POLY_RELU, Form.POLY_RELU);
    return new Study(
        target.name(),
        "1000 points, validated and tested on 1000 each, Adam along a cosine, %d steps on all points"
            .formatted(training.epochs()),
        Measure.RMSE,
        Study.Match.PARAMETERS,
        List.of(3e-3, 1e-2, 3e-2),
        List.of(
            first,
            polynomial(POLY_NORM, Form.POLY_NORM),
            perceptron(RELU, Activation.RELU, first),
            perceptron(GELU, Activation.GELU, first),
            perceptron(SILU, Activation.SILU, first)),
        training.on(_ -> target.rows(1000, 1000)));
  }

  private static Arm polynomial(String name, Form form) {
    return Arm.of(
        name,
        "[2, %d, 1]".formatted(HIDDEN),
        new PolynomialPerceptron.Spec(2, 1, HIDDEN, new PolynomialComposition.Spec(form, ORDER)));
  }

  private static Arm perceptron(String name, Activation activation, Arm like) {
    return Networks.arm(name, Networks.perceptronOfSize(like.parameters(), 2, 1, activation));
  }

  @Override
  public List<Comparison> comparisons(Budget budget) {
    List<String> language = List.of(LANGUAGE);
    List<String> images = List.of(IMAGES);
    List<String> formulas = List.of(CUBIC.name(), SMOOTH.name());
    List<String> others = List.of(SWIGLU, GELU, RELU, SQUARED_RELU);
    List<String> fixed = List.of(RELU, GELU, SILU);
    return List.of(
        Comparison.better("PolyReLU beats the best other", language, POLY_RELU, SWIGLU, 0.01)
            .againstBestOf(others),
        Comparison.better("PolyNorm beats the best other", language, POLY_NORM, SWIGLU, 0.01)
            .againstBestOf(others),
        Comparison.better("PolyReLU beats SwiGLU", language, POLY_RELU, SWIGLU, 0.01)
            .forInformation(),
        Comparison.better("PolyNorm beats SwiGLU", language, POLY_NORM, SWIGLU, 0.01)
            .forInformation(),
        Comparison.better(
                "PolyReLU beats fixed activations on images", images, POLY_RELU, GELU, 0.3)
            .againstBestOf(fixed)
            .forInformation(),
        Comparison.better(
                "PolyNorm beats fixed activations on images", images, POLY_NORM, GELU, 0.3)
            .againstBestOf(fixed)
            .forInformation(),
        Comparison.better(
                "PolyReLU beats ReLU tenfold on a cubic",
                List.of(CUBIC.name()),
                POLY_RELU,
                RELU,
                Math.log(10))
            .forInformation(),
        Comparison.better(
                "PolyReLU beats fixed activations on formulas",
                formulas,
                POLY_RELU,
                GELU,
                Math.log(1.25))
            .againstBestOf(fixed)
            .forInformation());
  }
}
