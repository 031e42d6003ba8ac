/** The only seam to libtorch: host set-up, scopes, shapes, custom gradients, safe weights files. */
@NullMarked
package org.kat4j.torch;

import org.jspecify.annotations.NullMarked;
