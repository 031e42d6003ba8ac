/** Saying which token of a text follows: its task and its measures. */
@NullMarked
package org.kat4j.task.language;

import org.jspecify.annotations.NullMarked;
