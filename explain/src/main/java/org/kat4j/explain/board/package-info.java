/**
 * A folder of runs as a page that follows them while they train: {@link
 * org.kat4j.explain.board.Board}.
 */
@NullMarked
package org.kat4j.explain.board;

import org.jspecify.annotations.NullMarked;
