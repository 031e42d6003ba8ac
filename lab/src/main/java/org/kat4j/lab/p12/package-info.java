/** Sheet 12: KAN or MLP for high-entropy alloys. */
@NullMarked
package org.kat4j.lab.p12;

import org.jspecify.annotations.NullMarked;
