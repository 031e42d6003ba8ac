/** Keeps the javadoc of records for the description of configurations. */
@NullMarked
package org.kat4j.sentences;

import org.jspecify.annotations.NullMarked;
