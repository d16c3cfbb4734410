/**
 * Knows what pools are doing, as far as surfaces have to: which interpreters nodes have, which files a node needs, and what tasks wrote. It knows no HTTP
 * and no Kafka.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.compute;

import org.jspecify.annotations.NullMarked;
