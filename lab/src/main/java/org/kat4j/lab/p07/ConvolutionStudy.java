package org.kat4j.lab.p07;

import java.util.List;
import java.util.Map;
import org.kat4j.augment.Augmentation;
import org.kat4j.convolution.Convolution;
import org.kat4j.convolution.KanConvolution;
import org.kat4j.convolution.PlainConvolution;
import org.kat4j.convolution.SelectedConvolution;
import org.kat4j.convolution.Window;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.function.kan.Chebyshev;
import org.kat4j.function.kan.RadialBasis;
import org.kat4j.function.kan.ReluBumps;
import org.kat4j.function.kan.Selector;
import org.kat4j.lab.Arm;
import org.kat4j.lab.Budget;
import org.kat4j.lab.Comparison;
import org.kat4j.lab.Study;
import org.kat4j.lab.Training;
import org.kat4j.lab.Width;
import org.kat4j.lab.image.Images;
import org.kat4j.lab.network.Networks;
import org.kat4j.model.ConvNet;
import org.kat4j.task.Measure;
import org.kat4j.train.Decay;

/**
 * Sheet 07's images: S-ConvKAN, convolutions of B-splines and plain ones in the same small network,
 * with as many parameters after the choice. For information: the verdict is one about functions.
 */
final class ConvolutionStudy {
  private static final String NAME = "Fashion-MNIST";
  private static final String SELECTED = "S-ConvKAN";
  private static final String SPLINES = "B-spline convolution";
  private static final String PLAIN = "convolution, ReLU";

  private static final int WIDTH = 8;
  private static final int SIDE = 28;
  private static final int CLASSES = 10;

  /** Nine numbers an edge, whatever is chosen; biases and ends of bumps come to 1 %. */
  private static final SelectedConvolution.Spec POOL =
      new SelectedConvolution.Spec(
          Window.example(),
          new BSpline.Spec(5, 3, -2, 2, Activation.SILU, false, 0.02),
          RadialBasis.Spec.withoutNorm(),
          new Chebyshev.Spec(8),
          new ReluBumps.Spec(6, 3, true),
          Selector.Granularity.LAYER);

  private ConvolutionStudy() {}

  static Study of(Budget budget) {
    int train = budget.of(1000, 5000, 50_000);
    int validation = budget.of(500, 2000, 10_000);
    int test = budget.of(2000, 10_000, 10_000);
    int epochs = budget.of(3, 10, 10);
    int batch = 64;
    var task = Images.task("fashion-mnist", Augmentation.NONE);
    Arm splines =
        Arm.of(
            SPLINES,
            widths(WIDTH),
            spec(WIDTH, new KanConvolution.Spec(Window.example(), POOL.bSpline())));
    Arm plain = plain(splines.parameters());
    return new Study(
        NAME,
        "%d images, validated on %d, tested on %d, %d epochs of batches of %d, Adam along a cosine;"
                .formatted(train, validation, test, epochs, batch)
            + " two stages of convolution (window 3), batch norm, maximum of two by two pixels, then a"
            + " linear layer; S-ConvKAN: 40 % all together, 20 % choosing, 40 % the chosen",
        Measure.ACCURACY,
        Study.Match.PARAMETERS,
        List.of(1e-3, 3e-3, 1e-2),
        List.of(selected(), splines, plain),
        new ThreePhases(Training.adam(epochs, batch, new Decay.Cosine()).with(Map.of("task", task)))
            .on(Images.of(task, train, validation, test)));
  }

  static List<Comparison> questions() {
    return List.of(ask(SELECTED, PLAIN), ask(SELECTED, SPLINES), ask(SPLINES, PLAIN));
  }

  private static Comparison ask(String arm, String rival) {
    return Comparison.better(
            arm + " beats " + rival + " by half a point on images", List.of(NAME), arm, rival, 0.5)
        .forInformation();
  }

  /** As many parameters as the largest choice has; before the choice there are more. */
  private static Arm selected() {
    ConvNet.Spec pool = net(WIDTH, POOL, Activation.IDENTITY);
    long after =
        POOL.pool().stream()
            .mapToLong(member -> Networks.parameters(spec(WIDTH, member)))
            .max()
            .orElseThrow();
    long before = Networks.parameters(pool);
    String what = "%s; %,d parameters before the choice".formatted(widths(WIDTH), before);
    return new Arm(SELECTED, what, pool, after, Double.NaN);
  }

  private static Arm plain(long parameters) {
    int width = Width.nearest(parameters, w -> Networks.parameters(plainOf(w)));
    return Arm.of(PLAIN, widths(width), plainOf(width));
  }

  private static ConvNet.Spec plainOf(int width) {
    return net(width, PlainConvolution.Spec.example(), Activation.RELU);
  }

  private static ConvNet.Spec spec(int width, Convolution.Spec convolution) {
    return net(width, convolution, Activation.IDENTITY);
  }

  private static ConvNet.Spec net(int width, Convolution.Spec convolution, Activation activation) {
    return new ConvNet.Spec(
        SIDE,
        1,
        CLASSES,
        width,
        2,
        convolution,
        ConvNet.Norm.BATCH,
        activation,
        ConvNet.Pooling.MAX,
        ConvNet.Readout.FLATTENED,
        0);
  }

  private static String widths(int width) {
    return "%d and %d channels".formatted(width, 2 * width);
  }
}
