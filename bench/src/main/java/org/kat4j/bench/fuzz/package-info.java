/** Damaged inputs of every kind that kat4j reads, and what must hold of each. */
@NullMarked
package org.kat4j.bench.fuzz;

import org.jspecify.annotations.NullMarked;
