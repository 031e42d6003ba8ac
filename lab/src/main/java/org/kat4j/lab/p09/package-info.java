/** Sheet 09: is a KAN better than an MLP of its size, and is it the basis or the architecture? */
@NullMarked
package org.kat4j.lab.p09;

import org.jspecify.annotations.NullMarked;
