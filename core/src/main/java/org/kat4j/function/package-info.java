/** Learnable scalar functions, their initial values and the fitting of them. */
@NullMarked
package org.kat4j.function;

import org.jspecify.annotations.NullMarked;
