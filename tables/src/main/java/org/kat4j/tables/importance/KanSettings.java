package org.kat4j.tables.importance;

import java.util.List;
import org.kat4j.function.Activation;
import org.kat4j.function.kan.BSpline;
import org.kat4j.model.KanNetwork;
import org.kat4j.tables.Problem;
import org.kat4j.tables.model.Fitted;
import org.kat4j.tables.model.Training;

/**
 * The KAN that {@link KanScore} looks into: widths [n, 2 n + 1, outputs].
 *
 * @param layer splines of all layers, with scalers
 * @param training how it is trained
 */
public record KanSettings(BSpline.Spec layer, Training training) {
  /** Ours: cubic splines on [-3, 3], which hold standardised features, and scaled targets. */
  public static KanSettings usual() {
    return new KanSettings(splines(5, 3, 3), Training.usual().withRate(3e-3).withEpochs(60));
  }

  /**
   * Those of arXiv 2509.23366: piecewise linear, two intervals on [-1, 1], targets as they are. Its
   * scalers start at 1, ours at random.
   */
  public static KanSettings published() {
    return new KanSettings(
        splines(2, 1, 1), new Training(Training.usual().config(), /* scaledTarget= */ false));
  }

  private static BSpline.Spec splines(int gridSize, int order, double reach) {
    return new BSpline.Spec(gridSize, order, -reach, reach, Activation.SILU, true, 0.02);
  }

  public KanSettings withEpochs(int epochs) {
    return new KanSettings(layer, training.withEpochs(epochs));
  }

  /** The network for a problem. */
  public KanNetwork.Spec network(Problem problem) {
    int features = problem.features().size();
    return new KanNetwork.Spec(
        features, problem.outputs(), List.of(2 * features + 1), layer, /* layerNorm= */ false);
  }

  /** Trainable numbers of that network. */
  public long parameters(Problem problem) {
    long features = problem.features().size();
    long edges = (features + problem.outputs()) * (2 * features + 1);
    return edges * (layer.gridSize() + layer.order() + 2); // coefficients, base weight, scaler
  }

  /** Trains it on scaled rows; the caller closes it. */
  public Fitted fit(Problem train, long seed) {
    return training.withSeed(seed).fit(network(train), train, null);
  }
}
