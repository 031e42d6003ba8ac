/** Specs as data: records that bind from YAML and JSON, with errors that name the field. */
@NullMarked
package org.kat4j.config;

import org.jspecify.annotations.NullMarked;
