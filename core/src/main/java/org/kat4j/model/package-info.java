/** Whole models as records of specs, and their registry. */
@NullMarked
package org.kat4j.model;

import org.jspecify.annotations.NullMarked;
