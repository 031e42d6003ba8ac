/** What claims about language models share: their texts. */
@NullMarked
package org.kat4j.lab.language;

import org.jspecify.annotations.NullMarked;
