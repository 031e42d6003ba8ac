/** Sheet 10: do features ranked by a trained KAN serve better than those ranked otherwise? */
@NullMarked
package org.kat4j.lab.p10;

import org.jspecify.annotations.NullMarked;
