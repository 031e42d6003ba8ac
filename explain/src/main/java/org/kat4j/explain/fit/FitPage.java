package org.kat4j.explain.fit;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.kat4j.explain.figure.Axis;
import org.kat4j.explain.figure.NetworkDrawing;
import org.kat4j.explain.figure.Point;
import org.kat4j.explain.figure.ScatterPlot;
import org.kat4j.explain.figure.Series;
import org.kat4j.explain.page.Card;
import org.kat4j.explain.page.Content;
import org.kat4j.explain.page.Page;
import org.kat4j.explain.page.Table;
import org.kat4j.explain.search.Found;
import org.kat4j.explain.symbolic.Samples;

/** The page about a fit: formula, other formulas, how well they fit, and the network. */
final class FitPage {
  private static final int MOST_POINTS = 400;

  private FitPage() {}

  static Page of(FitResult result) {
    FitData data = result.data();
    var content = new Content();
    content.lead(
        String.format(
            Locale.ROOT,
            "%s as a function of %s: %,d samples to train on, %,d to choose by, %,d to test.",
            data.target(),
            String.join(", ", data.features()),
            data.train().rows(),
            data.validation().rows(),
            data.test().rows()));
    content.cards(cards(result));
    result.formula().ifPresent(found -> addFormula(content, result, found));
    result.network().ifPresent(fit -> addNetwork(content, result, fit));
    content.note("Errors are roots of mean squared errors on the scale of the target.");
    return new Page("Fit of " + data.target(), content);
  }

  private static List<Card> cards(FitResult result) {
    List<Card> cards = new ArrayList<>();
    result
        .formula()
        .ifPresent(found -> {
          FitResult.Score score = result.score(found);
          cards.add(new Card("formula's test error", error(score.error())));
          cards.add(new Card("R²", String.format(Locale.ROOT, "%.6f", score.rSquared())));
        });
    result
        .network()
        .ifPresent(fit -> {
          String note = "network, " + fit.best().name();
          cards.add(new Card("network's test error", error(fit.best().testError()), note));
          cards.add(
              new Card("parameters", String.format(Locale.ROOT, "%,d", fit.best().parameters())));
        });
    return cards;
  }

  private static void addFormula(Content content, FitResult result, Found found) {
    FitData data = result.data();
    content.section("Formula");
    content.text(data.target() + " = " + found.formula().shortText());
    for (FitSummary.Symbol symbol : FitSummary.legend(result)) {
      content.text(symbol.symbol() + " is the column " + symbol.column());
    }
    if (!result.simple()) {
      content.text(
          "No simple formula was found that does about as well as the network; this is the"
              + " nearest.");
    }
    content.details(
        "With all digits, and as LaTeX",
        inner -> {
          inner.text(found.formula().text());
          inner.code(found.formula().latex());
        });
    double[] predicted = found.formula().expression().at(data.test().inputs());
    content.figures(
        plot("Predicted against true", "predicted", data.test(), predicted, false),
        plot("What is left", "true less predicted", data.test(), predicted, true));
    content.heading("Complexity and error");
    Table table = Table.of("complexity", "error to choose by", "test error", "R²", "formula");
    for (Found one : result.formulas()) {
      FitResult.Score score = result.score(one);
      table =
          table.row(
              Integer.toString(one.complexity()),
              error(one.validationError()),
              error(score.error()),
              String.format(Locale.ROOT, "%.6f", score.rSquared()),
              one.formula().shortText());
    }
    content.table(table);
    content.note(
        "Each formula has a smaller error than every shorter one; complexity counts its parts.");
  }

  /** Test samples, at most some hundred of them. */
  private static ScatterPlot plot(
      String title, String label, Samples samples, double[] predicted, boolean difference) {
    int step = Math.max(1, samples.rows() / MOST_POINTS);
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < samples.rows(); i += step) {
      double target = samples.targets()[i];
      points.add(new Point(target, difference ? target - predicted[i] : predicted[i]));
    }
    List<Series> series = List.of(Series.of("test samples", points));
    return ScatterPlot.of(title, Axis.linear("true"), Axis.linear(label), series);
  }

  private static void addNetwork(Content content, FitResult result, NetworkFit fit) {
    content.section("Network");
    content.figures(drawing("Splines", fit, fit.edges()));
    if (!result.namedEdges().isEmpty()) {
      content.figures(drawing("Named functions", fit, result.namedEdges()));
    }
    content.section("Stages");
    Table table = Table.of("stage", "parameters", "train", "validation", "test", "seconds");
    for (NetworkFit.Stage stage : fit.stages()) {
      table =
          table.row(
              stage.name(),
              String.format(Locale.ROOT, "%,d", stage.parameters()),
              error(stage.trainError()),
              error(stage.validationError()),
              error(stage.testError()),
              String.format(Locale.ROOT, "%.1f", stage.seconds()));
    }
    content.table(table);
  }

  /** The network with a curve on every edge. */
  private static NetworkDrawing drawing(String title, NetworkFit fit, List<EdgeCurve> curves) {
    return new NetworkDrawing(
        title,
        fit.data().features(),
        fit.data().target(),
        fit.widths(),
        curves.stream()
            .map(c ->
                new NetworkDrawing.Edge(
                    c.layer(),
                    c.input(),
                    c.output(),
                    c.x(),
                    c.y(),
                    c.score(),
                    c.form().map(form -> form.function().symbol()).orElse("spline"),
                    c.form().isPresent()))
            .toList());
  }

  private static String error(double value) {
    return String.format(Locale.ROOT, "%.2e", value);
  }
}
