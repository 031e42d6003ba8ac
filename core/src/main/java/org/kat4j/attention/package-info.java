/**
 * What attention is made of: steps of queries and keys, steps of their scores, what a query sees,
 * its weighting.
 */
@NullMarked
package org.kat4j.attention;

import org.jspecify.annotations.NullMarked;
