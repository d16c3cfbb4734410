/**
 * Holds the type that pure rules share with their runtime.
 *
 * <p>May import: {@code java.util}, {@code org.apache.avro.specific}.
 */
@NullMarked
package io.muster.service.decider;

import org.jspecify.annotations.NullMarked;
