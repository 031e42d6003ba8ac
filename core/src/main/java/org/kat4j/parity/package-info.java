/** Comparison with tensors recorded from the official implementations. */
@NullMarked
package org.kat4j.parity;

import org.jspecify.annotations.NullMarked;
