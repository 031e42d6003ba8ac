/** Published models by their address on a hub. */
@NullMarked
package org.kat4j.hub;

import org.jspecify.annotations.NullMarked;
