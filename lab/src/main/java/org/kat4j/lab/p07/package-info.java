/** Sheet 07: bases that are chosen in training against bases that are fixed. */
@NullMarked
package org.kat4j.lab.p07;

import org.jspecify.annotations.NullMarked;
