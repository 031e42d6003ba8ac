/**
 * Pages that stand alone: one HTML file that loads nothing, in light and dark, on a telephone and
 * on paper.
 *
 * <pre>{@code
 * Content content = new Content()
 *     .lead("Two models, three seeds each.")
 *     .cards(new Card("top-1", "93.2 %", "of 2,000 images"))
 *     .section("Learning curves")
 *     .figures(lossChart, accuracyChart)
 *     .table(Table.of("model", "top-1").row("kat_nano", "93.2").row("vit_nano", "92.8"))
 *     .details("All settings", inner -> inner.code(yaml));
 * new Page("kat_nano against vit_nano", content).write(Path.of("report.html"));
 * }</pre>
 *
 * <p>Everything given as text is escaped.
 */
@NullMarked
package org.kat4j.explain.page;

import org.jspecify.annotations.NullMarked;
