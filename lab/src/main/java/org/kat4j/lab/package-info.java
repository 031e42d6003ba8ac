/**
 * Published claims as fair, runnable comparisons with a verdict.
 *
 * <p>A {@link org.kat4j.lab.Claim} says what is trained and what is asked; {@link
 * org.kat4j.lab.Runner} does the rest. The protocol is that of sheet 09, KAN critical assessment;
 * {@code docs/lab.md} explains it.
 */
@NullMarked
package org.kat4j.lab;

import org.jspecify.annotations.NullMarked;
