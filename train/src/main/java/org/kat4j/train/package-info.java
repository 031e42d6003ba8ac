/** The one training loop, its run folder and its checkpoints. */
@NullMarked
package org.kat4j.train;

import org.jspecify.annotations.NullMarked;
