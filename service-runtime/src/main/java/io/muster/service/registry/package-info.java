/**
 * Asks a schema registry over HTTP, in Confluent's API.
 *
 *
 * <p>May import: {@code java}, {@code com.fasterxml.jackson}, {@code javax.net.ssl}, {@code org.apache.avro}, {@code io.muster.access}, {@code
 * io.muster.registry}.
 */
@NullMarked
package io.muster.service.registry;

import org.jspecify.annotations.NullMarked;
