/** Tables: reading them, what their columns are worth, models for them. */
@NullMarked
package org.kat4j.tables;

import org.jspecify.annotations.NullMarked;
