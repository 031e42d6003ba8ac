/** Random changes to training images that leave their class as it is. */
@NullMarked
package org.kat4j.augment;

import org.jspecify.annotations.NullMarked;
