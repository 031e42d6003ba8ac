/** What servers on a user's own machine have to refuse. */
@NullMarked
package org.kat4j.web;

import org.jspecify.annotations.NullMarked;
