/**
 * Composes the REST ingress: its server, its surfaces, its views and its requests to the log.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micrometer},
 * {@code org.slf4j}, {@code io.muster.access}, {@code io.muster.api.access}, {@code io.muster.api.arm}, {@code io.muster.api.artifact},
 * {@code io.muster.api.compute}, {@code io.muster.api.credential}, {@code io.muster.api.http}, {@code io.muster.api.job}, {@code io.muster.api.kafka}, {@code io.muster.api.schedule},
 * {@code io.muster.api.surface..}, {@code io.muster.codec}, {@code io.muster.records}, {@code io.muster.registry}, {@code io.muster.service},
 * {@code io.muster.service.endpoint}, {@code io.muster.service.registry}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.api;

import org.jspecify.annotations.NullMarked;
