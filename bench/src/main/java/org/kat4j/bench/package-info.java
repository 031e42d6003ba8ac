/** Benchmarks that print both sides and the ratio. */
@NullMarked
package org.kat4j.bench;

import org.jspecify.annotations.NullMarked;
