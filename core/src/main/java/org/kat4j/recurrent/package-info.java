/**
 * Recurrent networks: cells that go from one step of a sequence to the next, and layers of them.
 */
@NullMarked
package org.kat4j.recurrent;

import org.jspecify.annotations.NullMarked;
