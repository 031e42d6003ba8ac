/** Quantum circuits, computed exactly on tensors. */
@NullMarked
package org.kat4j.function.quantum;

import org.jspecify.annotations.NullMarked;
