/** Sheet 08: AF-KAN against perceptrons of its size. */
@NullMarked
package org.kat4j.lab.p08;

import org.jspecify.annotations.NullMarked;
