/**
 * Runs programs: each in a session of its own, with limits, its output in chunks, and an end that takes all with it that the program started. Linux
 * alone: it reads {@code /proc}, and starts programs with {@code setsid}.
 *
 * <p>May import: {@code java.io}, {@code java.lang.foreign}, {@code java.lang.invoke}, {@code java.nio}, {@code java.time}, {@code java.util},
 * {@code org.slf4j}.
 */
@NullMarked
package io.muster.node.program;

import org.jspecify.annotations.NullMarked;
