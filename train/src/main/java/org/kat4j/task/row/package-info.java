/** Classes or numbers of rows: their task and its measures. */
@NullMarked
package org.kat4j.task.row;

import org.jspecify.annotations.NullMarked;
