/**
 * Compiles the query of a stream job, and reads the functions of its user, which are JavaScript; it runs none.
 *
 * <p>May import: {@code java.util}, {@code org.mozilla.javascript}, {@code io.muster.query.kernel}, {@code io.muster.query.stream}.
 */
@NullMarked
package io.muster.query.streamjob;

import org.jspecify.annotations.NullMarked;
