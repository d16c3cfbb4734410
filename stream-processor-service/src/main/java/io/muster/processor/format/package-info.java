/**
 * Reads records of topics as rows, and writes rows of results as records. It knows no engine, which makes events of rows.
 *
 * <p>May import: {@code java.io}, {@code java.math}, {@code java.nio}, {@code java.nio.charset}, {@code java.time}, {@code
 * java.time.temporal}, {@code java.util}, {@code java.util.function}, {@code com.fasterxml.jackson}, {@code org.apache.avro}, {@code
 * io.muster.codec}, {@code io.muster.query.kernel}, {@code io.muster.query.stream}, {@code io.muster.records}, {@code io.muster.registry}.
 */
@NullMarked
package io.muster.processor.format;

import org.jspecify.annotations.NullMarked;
