/** Token mixers: parts that exchange information between tokens. */
@NullMarked
package org.kat4j.token;

import org.jspecify.annotations.NullMarked;
