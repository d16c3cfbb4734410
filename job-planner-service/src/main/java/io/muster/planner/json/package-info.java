/**
 * Reads and writes JSON as the planner needs it.
 *
 * <p>May import: {@code com.fasterxml.jackson.core}, {@code java.io}, {@code java.math}, {@code java.util}, {@code io.muster.document}.
 */
@NullMarked
package io.muster.planner.json;

import org.jspecify.annotations.NullMarked;
