/** Residual schemes that join a token mixer and a channel mixer. */
@NullMarked
package org.kat4j.block;

import org.jspecify.annotations.NullMarked;
