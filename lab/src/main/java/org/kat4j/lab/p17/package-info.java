/** Sheet 17: polynomial compositions as the activation of a perceptron. */
@NullMarked
package org.kat4j.lab.p17;

import org.jspecify.annotations.NullMarked;
