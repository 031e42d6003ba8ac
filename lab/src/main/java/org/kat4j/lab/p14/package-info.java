/** Sheet 14: a network with quantum circuits for heart disease. */
@NullMarked
package org.kat4j.lab.p14;

import org.jspecify.annotations.NullMarked;
