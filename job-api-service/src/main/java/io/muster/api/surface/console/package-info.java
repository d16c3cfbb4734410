/**
 * Serves the page of jobs, its sign-in, live events, and the description of the API.
 *
 * <p>May import: {@code java.io}, {@code java.nio.charset}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson},
 * {@code io.micronaut.http}, {@code org.reactivestreams}, {@code org.slf4j}, {@code reactor}, {@code io.muster.access}, {@code io.muster.api.access},
 * {@code io.muster.api.http}, {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.api.surface},
 * {@code io.muster.query.stream}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.surface.console;

import org.jspecify.annotations.NullMarked;
