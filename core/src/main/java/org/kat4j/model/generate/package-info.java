/** Texts that a language model writes: token after token, drawn from its logits. */
@NullMarked
package org.kat4j.model.generate;

import org.jspecify.annotations.NullMarked;
