/**
 * The client of a schema registry over HTTP, in Confluent's API.
 *
 * <p>Imports: {@code io.muster.access}, {@code io.muster.registry}; {@code com.fasterxml.jackson..}; {@code javax.net.ssl..}; {@code
 * org.apache.avro..}.
 */
@NullMarked
package io.muster.service.registry;

import org.jspecify.annotations.NullMarked;
