/** Labelled images: where they come from, how they are read, and how batches are made of them. */
@NullMarked
package org.kat4j.data;

import org.jspecify.annotations.NullMarked;
