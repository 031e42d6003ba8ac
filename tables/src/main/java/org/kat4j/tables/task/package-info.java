/** Tables as a task of the training loop. */
@NullMarked
package org.kat4j.tables.task;

import org.jspecify.annotations.NullMarked;
