/** A trained model behind HTTP. */
@NullMarked
package org.kat4j.serve;

import org.jspecify.annotations.NullMarked;
