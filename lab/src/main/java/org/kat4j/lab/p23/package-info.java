/** Sheet 23: edges that are circuits of one qubit against splines and perceptrons. */
@NullMarked
package org.kat4j.lab.p23;

import org.jspecify.annotations.NullMarked;
