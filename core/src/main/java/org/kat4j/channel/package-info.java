/** Channel mixers: parts that work on the channels of each token by itself. */
@NullMarked
package org.kat4j.channel;

import org.jspecify.annotations.NullMarked;
