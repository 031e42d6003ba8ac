/**
 * Fused kernels of the group rational function, and the composed twin that they are checked
 * against.
 */
@NullMarked
package org.kat4j.kernel;

import org.jspecify.annotations.NullMarked;
