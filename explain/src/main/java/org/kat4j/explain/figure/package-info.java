/**
 * Charts as data, drawn as SVG with real text: {@link org.kat4j.explain.figure.LineChart}, {@link
 * org.kat4j.explain.figure.ScatterPlot}, {@link org.kat4j.explain.figure.BarChart}, {@link
 * org.kat4j.explain.figure.Histogram}, {@link org.kat4j.explain.figure.HeatMap}, and {@link
 * org.kat4j.explain.figure.SmallMultiples} of them.
 *
 * <pre>{@code
 * List<Point> curve = Point.list(epochs, losses); // or Point.between(x, low, y, high) for a band
 * Chart chart = LineChart.of(
 *     "Training loss", Axis.linear("epoch"), Axis.log("loss"),
 *     List.of(Series.of("kat_nano", curve), Series.of("vit_nano", other)));
 *
 * AtomicFile.write(Path.of("loss.svg"), chart.file()); // a file that stands alone
 * new Page("A comparison", new Content().section("Loss").figures(chart)).write(Path.of("page.html"));
 * }</pre>
 *
 * <p>Colours are classes and variables of one style sheet ({@code figure.css}), so that a chart
 * follows the page into dark mode and onto paper. The palette is that of Okabe and Ito, which
 * readers with any colour vision can tell apart.
 */
@NullMarked
package org.kat4j.explain.figure;

import org.jspecify.annotations.NullMarked;
