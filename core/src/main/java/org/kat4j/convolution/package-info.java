/** Convolutions with and without learnable functions, interchangeable. */
@NullMarked
package org.kat4j.convolution;

import org.jspecify.annotations.NullMarked;
