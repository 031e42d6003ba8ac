/** Learnable scalar functions. */
@NullMarked
package org.kat4j.function;

import org.jspecify.annotations.NullMarked;
