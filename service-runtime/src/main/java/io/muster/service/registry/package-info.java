/**
 * Asks a schema registry over HTTP, in Confluent's API.
 *
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson},
 * {@code javax.net.ssl}, {@code org.apache.avro}, {@code io.muster.access}, {@code io.muster.registry}.
 */
@NullMarked
package io.muster.service.registry;

import org.jspecify.annotations.NullMarked;
