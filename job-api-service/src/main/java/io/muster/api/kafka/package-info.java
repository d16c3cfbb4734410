/**
 * Sends requests over the topics, takes their replies, and reads what views show.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micrometer},
 * {@code org.apache.avro.specific}, {@code org.apache.kafka}, {@code org.slf4j}, {@code io.muster.api.artifact},
 * {@code io.muster.api.compute}, {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.codec}, {@code io.muster.document},
 * {@code io.muster.records}, {@code io.muster.registry}, {@code io.muster.service}, {@code io.muster.service.coordinator},
 * {@code io.muster.topics}.
 */
@NullMarked
package io.muster.api.kafka;

import org.jspecify.annotations.NullMarked;
