/**
 * The page about a run, or about several: {@link org.kat4j.explain.report.Report}.
 *
 * <p>A run is read from its folder, its last weights are put to work once on the second split of
 * its data, and everything on the page follows from that.
 */
@NullMarked
package org.kat4j.explain.report;

import org.jspecify.annotations.NullMarked;
