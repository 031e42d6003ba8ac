/** What claims about image models share: their data, and how transformers are trained. */
@NullMarked
package org.kat4j.lab.image;

import org.jspecify.annotations.NullMarked;
