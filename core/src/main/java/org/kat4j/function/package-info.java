/** Learnable scalar functions, and the layer norm, which has kernels as they do. */
@NullMarked
package org.kat4j.function;

import org.jspecify.annotations.NullMarked;
