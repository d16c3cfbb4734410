/**
 * Shows when a schedule would fire, before it is saved. Contract: addresses, "Rulings".
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson.databind}, {@code io.micronaut.http},
 * {@code io.muster.access}, {@code io.muster.api.access}, {@code io.muster.api.credential}, {@code io.muster.api.http}, {@code io.muster.api.json}, {@code io.muster.api.schedule},
 * {@code io.muster.api.surface}, {@code io.muster.schedule}.
 */
@NullMarked
package io.muster.api.surface.schedules;

import org.jspecify.annotations.NullMarked;
