/** What the features of a table are worth: selectors by a trained KAN and by classical means. */
@NullMarked
package org.kat4j.tables.importance;

import org.jspecify.annotations.NullMarked;
