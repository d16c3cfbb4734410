/**
 * Calls direct methods.
 *
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.muster.planner.json}, {@code io.muster.planner.request},
 * {@code io.muster.planner.state}, {@code io.muster.planner.work}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.planner.work.method;

import org.jspecify.annotations.NullMarked;
