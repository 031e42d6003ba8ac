/** Simple formulas found in samples without a network. */
@NullMarked
package org.kat4j.explain.search;

import org.jspecify.annotations.NullMarked;
