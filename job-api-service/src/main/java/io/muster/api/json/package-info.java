/**
 * Reads and writes JSON documents, and names problems with them. It knows no surface's members. Contract: iot-hub, sections 1 and 2.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson},
 * {@code io.muster.document}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.json;

import org.jspecify.annotations.NullMarked;
