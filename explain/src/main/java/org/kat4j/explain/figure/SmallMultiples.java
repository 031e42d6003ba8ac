package org.kat4j.explain.figure;

import java.util.List;

/**
 * Many small charts of the same kind. On a page they flow into as many columns as fit; as a file of
 * their own they stand in a grid.
 *
 * @param title what they show together
 * @param columns of the grid
 * @param panels in reading order, of {@link Chart.Size#PANEL} or equal other size
 */
public record SmallMultiples(String title, int columns, List<Chart> panels) implements Chart {
  private static final double TOP = 24;

  public SmallMultiples {
    panels = List.copyOf(panels);
    if (columns < 1) {
      throw new IllegalArgumentException("small multiples in " + columns + " columns");
    }
  }

  private Size panel() {
    return panels.isEmpty() ? Size.PANEL : panels.getFirst().size();
  }

  @Override
  public Size size() {
    return new Size(
        columns * panel().width(), TOP + Math.ceilDiv(panels.size(), columns) * panel().height());
  }

  @Override
  public void draw(Svg svg) {
    for (int i = 0; i < panels.size(); i++) {
      Chart one = panels.get(i);
      svg.beginGroup(i % columns * panel().width(), TOP + i / columns * panel().height());
      svg.text(Svg.Anchor.START, "title", 8, 15, one.title());
      one.draw(svg);
      svg.endGroup();
    }
  }
}
