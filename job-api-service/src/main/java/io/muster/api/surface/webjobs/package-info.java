/**
 * Serves WebJobs as Kudu does, and as resources of Azure Resource Manager: uploads, runs, histories and logs. Contract: webjobs-and-schedules, 2.
 *
 * <p>May import: {@code java.io}, {@code java.math}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util}, {@code
 * com.fasterxml.jackson}, {@code io.micronaut.http}, {@code io.micronaut.scheduling.annotation}, {@code jakarta.inject}, {@code
 * org.reactivestreams}, {@code org.slf4j}, {@code reactor.core}, {@code io.muster.access}, {@code io.muster.api.access}, {@code
 * io.muster.api.arm}, {@code io.muster.api.artifact}, {@code io.muster.api.compute}, {@code io.muster.api.credential}, {@code io.muster.api.http}, {@code io.muster.api.job}, {@code io.muster.api.json},
 * {@code io.muster.api.surface}, {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.schedule}.
 */
@NullMarked
package io.muster.api.surface.webjobs;

import org.jspecify.annotations.NullMarked;
