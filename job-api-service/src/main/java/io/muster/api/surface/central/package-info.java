/**
 * Speaks IoT Central's REST API: API tokens, device groups, device templates, devices, jobs and scheduled jobs. Contract: iot-central, 1.
 *
 * <p>May import: {@code java.math}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson.databind},
 * {@code io.micronaut.http}, {@code io.muster.access}, {@code io.muster.api.access}, {@code io.muster.api.credential}, {@code io.muster.api.http}, {@code io.muster.api.job},
 * {@code io.muster.api.json}, {@code io.muster.api.schedule}, {@code io.muster.api.surface}, {@code io.muster.document}, {@code io.muster.query.group},
 * {@code io.muster.query.kernel}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.surface.central;

import org.jspecify.annotations.NullMarked;
