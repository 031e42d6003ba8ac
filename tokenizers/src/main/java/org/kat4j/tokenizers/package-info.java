/** Tokenizers of Hugging Face, by their own library. */
@NullMarked
package org.kat4j.tokenizers;

import org.jspecify.annotations.NullMarked;
