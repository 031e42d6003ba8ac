/** What a model is trained for: losses and measurements. */
@NullMarked
package org.kat4j.task;

import org.jspecify.annotations.NullMarked;
