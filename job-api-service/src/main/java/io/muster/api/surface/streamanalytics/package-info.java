/**
 * Speaks Stream Analytics' management API: its routes and its documents. Contract: stream-analytics, 4.1.
 *
 * <p>May import: {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code jakarta.annotation},
 * {@code com.fasterxml.jackson}, {@code io.micronaut}, {@code io.muster.access}, {@code io.muster.api.access}, {@code io.muster.api.arm},
 * {@code io.muster.api.http}, {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.api.surface}, {@code io.muster.query..},
 * {@code io.muster.records}, {@code io.muster.service.endpoint}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.api.surface.streamanalytics;

import org.jspecify.annotations.NullMarked;
