/**
 * Runs everything on one machine, as processes: the broker, the registry, the four services, a simulated fleet, compute nodes. It starts, watches and ends them, and
 * has no rule of its own.
 *
 *
 * <p>May import: {@code java.io}, {@code java.math}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time},
 * {@code java.util}, {@code com.fasterxml.jackson}, {@code javax.management}, {@code javax.net.ssl}, {@code kafka}, {@code org.apache.kafka},
 * {@code org.bouncycastle}, {@code org.slf4j}, {@code io.muster.access}, {@code io.muster.node}, {@code io.muster.registry},
 * {@code io.muster.service}, {@code io.muster.service.endpoint}, {@code io.muster.service.growth}, {@code io.muster.service.registry},
 * {@code io.muster.topics}.
 */
@NullMarked
package io.muster.standalone;

import org.jspecify.annotations.NullMarked;
