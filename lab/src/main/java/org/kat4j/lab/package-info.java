/** Published claims as fair, runnable comparisons with a verdict. */
@NullMarked
package org.kat4j.lab;

import org.jspecify.annotations.NullMarked;
