/**
 * Serves HTTP for all surfaces, on Micronaut: guards of connections, the gate, answers and workers. It knows no surface.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.text}, {@code java.time}, {@code java.util},
 * {@code jakarta.inject}, {@code com.fasterxml.jackson}, {@code com.nimbusds}, {@code io.micrometer}, {@code io.micronaut}, {@code io.netty},
 * {@code reactor}, {@code org.reactivestreams}, {@code org.slf4j}, {@code io.muster.access}, {@code io.muster.api.access},
 * {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.api.surface}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.http;

import org.jspecify.annotations.NullMarked;
