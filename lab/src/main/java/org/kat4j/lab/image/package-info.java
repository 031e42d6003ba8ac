/** Claims about image models: runs of the training loop with its checkpoints. */
@NullMarked
package org.kat4j.lab.image;

import org.jspecify.annotations.NullMarked;
