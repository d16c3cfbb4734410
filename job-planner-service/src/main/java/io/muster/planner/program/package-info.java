/**
 * Reads how users write programs and their arguments.
 *
 * <p>May import: {@code java.util}.
 */
@NullMarked
package io.muster.planner.program;

import org.jspecify.annotations.NullMarked;
