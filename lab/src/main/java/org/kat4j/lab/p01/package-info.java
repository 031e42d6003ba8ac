/** Sheet 01: is KAT better than its ViT twin? */
@NullMarked
package org.kat4j.lab.p01;

import org.jspecify.annotations.NullMarked;
