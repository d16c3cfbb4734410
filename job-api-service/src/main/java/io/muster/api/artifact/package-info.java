/**
 * Keeps what is uploaded for nodes to fetch. It knows no HTTP and no Kafka.
 *
 * <p>May import: {@code java.io}, {@code java.nio.file}, {@code java.time}, {@code java.util}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.artifact;

import org.jspecify.annotations.NullMarked;
