package org.kat4j.explain.fit;

import java.util.List;
import org.kat4j.explain.search.Finishing;
import org.kat4j.explain.search.Found;
import org.kat4j.explain.search.Simpler;
import org.kat4j.explain.search.Task;
import org.kat4j.explain.symbolic.Expression;
import org.kat4j.function.kan.PykanNetwork;
import org.kat4j.torch.Context;
import org.kat4j.torch.Host;

/**
 * A network with a named function on every edge, and what can be read off it.
 *
 * @param formulas the network's own and simpler ones, where they exist on the whole box
 */
record NamedNetwork(List<EdgeCurve> edges, List<Found> formulas) {
  static NamedNetwork of(NetworkFit fit, Task task, FitMonitor monitor) {
    int threads = Host.threads();
    Host.setThreads(1);
    try (var train = new Regression(fit.data(), fit.data().train())) {
      Context context = NetworkTraining.context(0);
      PykanNetwork named =
          new SymbolicStep(train, monitor).of(fit.network().copy(context), context);
      Expression formula = NetworkFormula.of(named, fit.data());
      var finishing = new Finishing(task);
      finishing.offer(formula, "network");
      for (Expression simpler : Simpler.than(formula, task)) {
        finishing.offer(simpler, "network");
      }
      return new NamedNetwork(EdgeCurve.of(named, train.x()), finishing.found());
    } finally {
      Host.setThreads(threads);
    }
  }
}
