package org.kat4j.parity;

import java.util.Locale;
import org.kat4j.function.kan.KanCost;
import tools.jackson.databind.JsonNode;

/** Counts of parameters and operations by KANbeFair's formulas. */
public final class KanCostParity implements ParityAdapter {
  @Override
  public boolean covers(Golden golden) {
    return golden.text("repo").endsWith("/KANbeFair") && golden.config().has("rows");
  }

  @Override
  public void run(Golden golden, Comparison comparison) {
    int number = 0;
    for (JsonNode row : golden.config().path("rows").values()) {
      int[] widths = KanParity.widths(row.path("layers_width"));
      int grid = row.path("grid").asInt();
      int order = row.path("k").asInt();
      boolean norm = row.path("batch_norm").asBoolean();
      var activation = function(row.path("activation"));
      var base = function(row.path("shortcut"));
      compare(golden, "mlp", number, KanCost.mlp(widths, activation, norm), comparison);
      compare(golden, "kan", number, KanCost.kan(widths, grid, order, base), comparison);
      compare(
          golden, "bspline_mlp", number, KanCost.bSplineMlp(widths, grid, order, norm), comparison);
      number++;
    }
  }

  private static KanCost.Function function(JsonNode name) {
    return KanCost.Function.valueOf(name.asString().toUpperCase(Locale.ROOT));
  }

  private static void compare(
      Golden golden, String kind, int row, KanCost cost, Comparison comparison) {
    comparison.same(
        kind + "_params of row " + row,
        (double) cost.parameters(),
        recorded(golden, kind + "_params", row));
    comparison.same(
        kind + "_flops of row " + row, cost.flops(), recorded(golden, kind + "_flops", row));
  }

  private static double recorded(Golden golden, String name, int row) {
    return golden.read("output." + name).select(0, row).item_double();
  }
}
