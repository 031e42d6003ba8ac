/** Small language models over characters, and how claims about them are trained: all arms alike. */
@NullMarked
package org.kat4j.lab.language;

import org.jspecify.annotations.NullMarked;
