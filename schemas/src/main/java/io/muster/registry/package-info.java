/**
 * Keeps schemas by number: the interface that codecs ask, and a registry in memory for tests.
 *
 * <p>May import: {@code java.util}, {@code org.apache.avro}.
 */
@NullMarked
package io.muster.registry;

import org.jspecify.annotations.NullMarked;
