/** What a trained model has learned: figures, reports, symbolic forms. */
@NullMarked
package org.kat4j.explain;

import org.jspecify.annotations.NullMarked;
