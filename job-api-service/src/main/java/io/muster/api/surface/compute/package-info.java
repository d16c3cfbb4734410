/**
 * Serves compute nodes: the files of their tasks. The protocol is in docs/nodes.md.
 *
 * <p>May import: {@code java.io}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson}, {@code io.micronaut.http}, {@code io.micronaut.scheduling.annotation},
 * {@code io.micronaut.scheduling}, {@code org.reactivestreams}, {@code reactor.core}, {@code io.muster.access}, {@code
 * io.muster.api.access}, {@code io.muster.api.artifact}, {@code io.muster.api.compute}, {@code io.muster.api.http}, {@code
 * io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.api.surface}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.surface.compute;

import org.jspecify.annotations.NullMarked;
