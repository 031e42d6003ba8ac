/** Sheet 11: truncated powers or B-splines? */
@NullMarked
package org.kat4j.lab.p11;

import org.jspecify.annotations.NullMarked;
