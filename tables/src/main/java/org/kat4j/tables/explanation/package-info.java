/** Explanations of single predictions and prediction sets, for any model that gives numbers. */
@NullMarked
package org.kat4j.tables.explanation;

import org.jspecify.annotations.NullMarked;
