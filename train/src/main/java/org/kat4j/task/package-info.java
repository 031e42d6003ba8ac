/** What a model is trained for: data, an objective, and how good an answer is. */
@NullMarked
package org.kat4j.task;

import org.jspecify.annotations.NullMarked;
