/** Optimizers, schedules, moving averages of weights. */
@NullMarked
package org.kat4j.optim;

import org.jspecify.annotations.NullMarked;
