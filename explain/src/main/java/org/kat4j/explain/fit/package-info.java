/** A function fitted by a KAN, pruned, and read off as a formula. */
@NullMarked
package org.kat4j.explain.fit;

import org.jspecify.annotations.NullMarked;
