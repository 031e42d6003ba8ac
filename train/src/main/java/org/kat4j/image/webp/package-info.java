/** WebP files to pixels, with libwebp's results to the byte. */
@NullMarked
package org.kat4j.image.webp;

import org.jspecify.annotations.NullMarked;
