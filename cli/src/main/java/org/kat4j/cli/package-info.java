/** The command line: parses, calls the library, prints. No mathematics lives here. */
@NullMarked
package org.kat4j.cli;

import org.jspecify.annotations.NullMarked;
