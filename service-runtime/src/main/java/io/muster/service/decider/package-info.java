/**
 * Holds the type that pure rules share with their runtime.
 *
 * <p>May import: {@code java.util}, {@code java.util.function}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.service.decider;

import org.jspecify.annotations.NullMarked;
