package org.kat4j.explain.fit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.kat4j.function.kan.KanTrace;
import org.kat4j.function.kan.NetworkPruning;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.function.kan.PykanSpline;
import org.kat4j.optim.FlatTensors;
import org.kat4j.optim.GaussNewton;
import org.kat4j.optim.Lbfgs;
import org.kat4j.optim.Objective;
import org.kat4j.torch.Context;
import org.kat4j.torch.DType;
import org.kat4j.torch.Host;
import org.kat4j.torch.Memory;
import org.kat4j.torch.Scope;
import org.kat4j.torch.StateDict;

/**
 * Trains a spline KAN in float64: sparse training and pruning, then finer and finer grids.
 *
 * <p>Source: KAN, arXiv 2404.19756.
 */
final class NetworkTraining {
  private static final int GRID_UPDATES = 3;
  private static final int STEPS_BETWEEN_UPDATES = 4;
  private static final double ENTROPY = 2; // its weight beside the L1 norm

  /** A step that takes away less than this part of the cost is idle; so many of them end a grid. */
  private static final double IDLE = 1e-3;

  private static final int PATIENCE = 4;

  /** A smaller network may have this many times the error. */
  private static final double NEARLY = 3;

  private static final int RETRIES = 3;
  private static final long SEEDS_APART = 1000;

  private final FitData data;
  private final FitSettings settings;
  private final FitMonitor monitor;
  private final Regression train;
  private final Regression validation;
  private final Regression test;
  private final List<NetworkFit.Stage> stages = new ArrayList<>();
  private final long start = System.nanoTime();

  private NetworkTraining(
      FitData data,
      FitSettings settings,
      FitMonitor monitor,
      Regression train,
      Regression validation,
      Regression test) {
    this.data = data;
    this.settings = settings;
    this.monitor = monitor;
    this.train = train;
    this.validation = validation;
    this.test = test;
  }

  /**
   * Trains; ends early, with what it has, when its thread is interrupted.
   *
   * <p>Runs on one thread: its tensors are so small that a second one waits more than it works.
   */
  static NetworkFit run(FitData data, FitSettings settings, FitMonitor monitor) {
    int threads = Host.threads();
    Host.setThreads(1);
    try (var train = new Regression(data, data.train());
        var validation = new Regression(data, data.validation());
        var test = new Regression(data, data.test())) {
      return new NetworkTraining(data, settings, monitor, train, validation, test).run();
    } finally {
      Host.setThreads(threads);
    }
  }

  private NetworkFit run() {
    PykanNetwork network = first();
    if (settings.sparseSteps() > 0) {
      network = sparse(network);
    }
    PykanNetwork best = network;
    NetworkFit.Stage bestStage = null;
    for (int grid : settings.grids()) {
      if (grid != network.layers().getFirst().spec().gridSize()) {
        network = network.refined(grid, train.domain(), context(settings.seed()));
      }
      train("grid " + grid, network, train.domain());
      NetworkFit.Stage stage = report("grid " + grid, network);
      if (bestStage != null && !(stage.validationError() < bestStage.validationError())) {
        break;
      }
      best = network.copy(context(settings.seed()));
      bestStage = stage;
      if (Thread.currentThread().isInterrupted()) {
        break;
      }
    }
    if (bestStage == null) {
      throw new IllegalStateException("no grid"); // the settings hold at least one
    }
    return new NetworkFit(data, best, stages, bestStage, EdgeCurve.of(best, train.x()));
  }

  private PykanNetwork first() {
    List<PykanNetwork.Nodes> widths = new ArrayList<>();
    widths.add(new PykanNetwork.Nodes(data.features().size(), 0));
    settings.hidden().forEach(width -> widths.add(new PykanNetwork.Nodes(width, 0)));
    widths.add(new PykanNetwork.Nodes(1, 0));
    int grid = settings.grids().getFirst();
    return settings.starts() == 1
        ? random(widths, grid, settings.seed())
        : bestOf(settings.starts(), widths, grid);
  }

  /** The best of some random networks after training. */
  private PykanNetwork bestOf(int starts, List<PykanNetwork.Nodes> widths, int grid) {
    PykanNetwork best = null;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < starts; i++) {
      PykanNetwork network = random(widths, grid, settings.seed() + SEEDS_APART * i);
      train("start " + (i + 1), network, train.domain());
      double error = validation.error(network);
      if (best == null || error < least) {
        least = error;
        best = network;
      }
    }
    return Objects.requireNonNull(best);
  }

  private static PykanNetwork random(List<PykanNetwork.Nodes> widths, int grid, long seed) {
    PykanSpline.Spec d = PykanSpline.Spec.example();
    var spec =
        new PykanSpline.Spec(
            grid, d.order(), d.low(), d.high(), d.base(), d.noise(), d.gridEpsilon());
    return new PykanNetwork(widths, spec, context(seed));
  }

  static Context context(long seed) {
    return Context.cpu(seed).withDType(DType.FLOAT64);
  }

  /**
   * Training with the regulariser, then without nodes and edges of low score. What is taken away is
   * judged after training: where the rest cannot be trained to nearly the error of the whole, it
   * stays.
   */
  private PykanNetwork sparse(PykanNetwork network) {
    network.updateGrid(train.x(), PykanSpline.FitAt.SAMPLES);
    lbfgs("sparse", network, settings.sparseSteps(), settings.lambda());
    PykanNetwork pruned =
        NetworkPruning.pykan().pruned(network, train.x(), context(settings.seed()));
    report("pruned", pruned);
    int grid = settings.grids().get(Math.min(1, settings.grids().size() - 1));
    PykanNetwork whole =
        trained("whole", network.refined(grid, train.x(), context(settings.seed())));
    double limit = NEARLY * validation.error(whole);
    PykanNetwork small = whole;
    if (hasEdges(pruned)) {
      PykanNetwork trial =
          trained("small", pruned.refined(grid, train.x(), context(settings.seed())));
      small = validation.error(trial) <= limit ? trial : whole;
    }
    small = withoutNeedlessNodes(small, limit);
    PykanNetwork cut = NetworkPruning.pykan().pruned(small, train.x(), context(settings.seed()));
    if (hasEdges(cut)) {
      PykanNetwork trial = trained("small", cut);
      small = validation.error(trial) <= Math.max(limit, validation.error(small)) ? trial : small;
    }
    report("small", small);
    return small;
  }

  private PykanNetwork trained(String stage, PykanNetwork network) {
    train(stage, network, train.x());
    return network;
  }

  private boolean hasEdges(PykanNetwork network) {
    return NetworkFit.parameters(network) > 0;
  }

  /**
   * Takes hidden nodes away, the least important first, as long as the rest can be trained to an
   * error within the limit. The regulariser alone often leaves two nodes that share one's work.
   */
  private PykanNetwork withoutNeedlessNodes(PykanNetwork network, double limit) {
    PykanNetwork current = network;
    for (int layer = 1; layer < network.widths().size() - 1; layer++) {
      while (current.widths().get(layer).sums() > 1) {
        PykanNetwork smaller = trained("small", withoutLeastNode(current, layer));
        if (!(validation.error(smaller) <= limit)) {
          smaller =
              bestOf(RETRIES, smaller.widths(), smaller.layers().getFirst().spec().gridSize());
        }
        if (!(validation.error(smaller) <= limit)) {
          break;
        }
        current = smaller;
      }
    }
    return current;
  }

  private PykanNetwork withoutLeastNode(PykanNetwork network, int layer) {
    try (Scope _ = Scope.open();
        var _ = Scope.noGradients()) {
      double[] scores = Memory.doubles(network.trace(train.x()).attribution().nodes().get(layer));
      int least = 0;
      for (int i = 1; i < scores.length; i++) {
        least = scores[i] < scores[least] ? i : least;
      }
      return NetworkPruning.without(network, layer, least, context(settings.seed()));
    }
  }

  /** Training; grids reach as far as {@code reach}. */
  private void train(String stage, PykanNetwork network, Tensor reach) {
    switch (settings.optimizer()) {
      case GAUSS_NEWTON -> {
        for (int i = 0; i < GRID_UPDATES; i++) {
          network.updateGrid(reach, PykanSpline.FitAt.SAMPLES);
          gaussNewton(stage, network, STEPS_BETWEEN_UPDATES);
        }
        gaussNewton(stage, network, settings.steps());
      }
      case LBFGS -> {
        network.updateGrid(reach, PykanSpline.FitAt.SAMPLES);
        lbfgs(stage, network, settings.steps(), 0);
      }
    }
  }

  private void gaussNewton(String stage, PykanNetwork network, int steps) {
    var search = new GaussNewton(train.problem(network));
    int idle = 0;
    for (int i = 1; i <= steps && idle < PATIENCE; i++) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
      idle = search.step() < IDLE ? idle + 1 : 0;
      monitor.progress(stage, i, steps, train.error(search.cost()));
    }
  }

  private void lbfgs(String stage, PykanNetwork network, int steps, double lambda) {
    Collection<Tensor> parameters = StateDict.trained(network).values();
    Objective objective = Objective.of(parameters, () -> loss(network, lambda));
    var search = new Lbfgs(Lbfgs.Spec.pykan(), objective, FlatTensors.read(parameters));
    for (int i = 1; i <= steps; i++) {
      if (Thread.currentThread().isInterrupted()) {
        break;
      }
      search.step();
      monitor.progress(stage, i, steps, train.error(network));
    }
    FlatTensors.write(search.point(), parameters);
  }

  /** Mean squared error and the regulariser. */
  private Tensor loss(PykanNetwork network, double lambda) {
    Tensor error = train.loss(network);
    if (lambda == 0) {
      return error;
    }
    KanTrace trace = network.trace(train.x());
    return error.add(network.regularisation(trace.edgeGains(), lambda, ENTROPY * lambda, 0, 0));
  }

  private NetworkFit.Stage report(String name, PykanNetwork network) {
    var stage =
        new NetworkFit.Stage(
            name,
            NetworkFit.parameters(network),
            train.error(network),
            validation.error(network),
            test.error(network),
            (System.nanoTime() - start) / 1e9);
    stages.add(stage);
    monitor.stage(stage);
    return stage;
  }
}
