/** What claims about tables share: contestants and their trials. */
@NullMarked
package org.kat4j.lab.tabular;

import org.jspecify.annotations.NullMarked;
