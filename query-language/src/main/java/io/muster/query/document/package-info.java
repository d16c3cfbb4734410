/**
 * Compiles the query of a stream job's document, and reads the functions of its user, which are JavaScript; it runs none.
 *
 * <p>May import: {@code java}, {@code com.fasterxml.jackson}, {@code org.mozilla.javascript}, {@code io.muster.query.kernel}, {@code
 * io.muster.query.stream}.
 */
@NullMarked
package io.muster.query.document;

import org.jspecify.annotations.NullMarked;
