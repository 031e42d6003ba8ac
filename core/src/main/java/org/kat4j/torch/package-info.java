/**
 * The only seam to libtorch: host set-up, scopes, random streams, named tensors, custom gradients,
 * weights files.
 */
@NullMarked
package org.kat4j.torch;

import org.jspecify.annotations.NullMarked;
