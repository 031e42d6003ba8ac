/** Pictures as Pillow has them: decoding, resampling and operations on pixels, to its rounding. */
@NullMarked
package org.kat4j.image;

import org.jspecify.annotations.NullMarked;
