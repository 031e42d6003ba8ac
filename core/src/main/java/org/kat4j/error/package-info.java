/** What goes wrong through the user's hand, said in one line. */
@NullMarked
package org.kat4j.error;

import org.jspecify.annotations.NullMarked;
