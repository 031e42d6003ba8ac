/**
 * KAN layers: sums of learnable functions of the inputs, {@code [..., in]} to {@code [..., out]}.
 */
@NullMarked
package org.kat4j.function.kan;

import org.jspecify.annotations.NullMarked;
