/**
 * What a comparison of two training procedures rests on: paired tests, intervals, effect sizes.
 * Conventions and worked numbers: sheet 00, metrics and statistics.
 */
@NullMarked
package org.kat4j.lab.statistics;

import org.jspecify.annotations.NullMarked;
