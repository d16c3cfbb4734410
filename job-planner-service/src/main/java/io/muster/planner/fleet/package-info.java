/**
 * Holds rules about devices: identities, twins, messages, documents of device jobs. Pure. Time comes in as an argument.
 *
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.muster.document}, {@code io.muster.planner.json},
 * {@code io.muster.planner.request}, {@code io.muster.planner.state}, {@code io.muster.query.device}, {@code io.muster.query.kernel},
 * {@code io.muster.records}.
 */
@NullMarked
package io.muster.planner.fleet;

import org.jspecify.annotations.NullMarked;
