/**
 * Runs the functions of users, which are JavaScript, in a process beside this one: that process bounds a script, and
 * this one goes on though it ends.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util}, {@code org.mozilla.javascript},
 * {@code io.muster.query.streamjob}, {@code io.muster.query.kernel}, {@code io.muster.query.stream}.
 */
@NullMarked
package io.muster.processor.function;

import org.jspecify.annotations.NullMarked;
