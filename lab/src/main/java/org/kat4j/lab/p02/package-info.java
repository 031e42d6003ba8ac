/** Sheet 02: what a fused group-rational kernel costs, beside GELU and in a training step. */
@NullMarked
package org.kat4j.lab.p02;

import org.jspecify.annotations.NullMarked;
