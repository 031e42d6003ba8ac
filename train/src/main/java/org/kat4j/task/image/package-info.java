/** Telling images apart: their task, its measures, and models at work on images. */
@NullMarked
package org.kat4j.task.image;

import org.jspecify.annotations.NullMarked;
