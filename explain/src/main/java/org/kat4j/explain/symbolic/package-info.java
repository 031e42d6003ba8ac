/** Formulas: read, simplified, printed, and found behind curves. */
@NullMarked
package org.kat4j.explain.symbolic;

import org.jspecify.annotations.NullMarked;
