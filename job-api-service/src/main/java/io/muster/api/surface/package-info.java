/**
 * Finds the API that a request is for. Each folder below holds one: its value, which is a {@link io.muster.api.surface.Surface}, its routes
 * and its documents. Surfaces don't import each other.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.micronaut.http}, {@code io.muster.api.access}, {@code io.muster.api.job},
 * {@code io.muster.api.json}.
 */
@NullMarked
package io.muster.api.surface;

import org.jspecify.annotations.NullMarked;
