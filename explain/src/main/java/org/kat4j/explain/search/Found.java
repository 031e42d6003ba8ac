package org.kat4j.explain.search;

import org.kat4j.explain.symbolic.Formula;

/**
 * A formula that exists on the whole box.
 *
 * @param complexity how long it is
 * @param trainError root mean squared, of the formula as it is printed
 * @param validationError root mean squared
 * @param origin where it came from: {@code search} or {@code network}
 */
public record Found(
    Formula formula, int complexity, double trainError, double validationError, String origin) {}
