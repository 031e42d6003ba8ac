/** Small networks on rows of numbers, and how claims about them are trained: all arms alike. */
@NullMarked
package org.kat4j.lab.network;

import org.jspecify.annotations.NullMarked;
