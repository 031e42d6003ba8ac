/**
 * Text as data: where it comes from, how it becomes numbers, and where those are kept.
 *
 * <p>{@link org.kat4j.data.text.TextSources} finds a text and cuts it into parts, a {@link
 * org.kat4j.data.text.Tokenizer} turns it into ids and back, {@link org.kat4j.data.text.TokenCache}
 * does so once and hands out {@link org.kat4j.data.text.Tokens}, which are mapped from a file.
 */
@NullMarked
package org.kat4j.data.text;

import org.jspecify.annotations.NullMarked;
