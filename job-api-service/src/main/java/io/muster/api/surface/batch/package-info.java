/**
 * Serves Batch: pools, nodes, jobs and tasks. Contract: batch, 3.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson}, {@code
 * io.micronaut.http}, {@code io.micronaut.scheduling.annotation}, {@code io.muster.access}, {@code io.muster.api.access}, {@code io.muster.api.compute}, {@code io.muster.api.credential}, {@code
 * io.muster.api.http}, {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.api.surface}, {@code io.muster.document}, {@code io.muster.query.kernel}, {@code io.muster.query.odata}, {@code io.muster.records}, {@code
 * io.muster.service.endpoint}.
 */
@NullMarked
package io.muster.api.surface.batch;

import org.jspecify.annotations.NullMarked;
