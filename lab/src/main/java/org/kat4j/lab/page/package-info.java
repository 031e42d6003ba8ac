/** Results for people: a page, a document and an overview, all from {@code result.json} alone. */
@NullMarked
package org.kat4j.lab.page;

import org.jspecify.annotations.NullMarked;
