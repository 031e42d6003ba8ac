/** KACQ-DCNN: two branches, one with quantum circuits, for small tables. */
@NullMarked
package org.kat4j.model.kacq;

import org.jspecify.annotations.NullMarked;
