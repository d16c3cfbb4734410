/**
 * Defines the language of device groups' filters, which is translated to conditions over twins. Contract: iot-central, 1.7.
 *
 * <p>May import: {@code java.util}, {@code org.antlr.v4.runtime}, {@code io.muster.query.kernel}, {@code io.muster.query.group.grammar}.
 */
@NullMarked
package io.muster.query.group;

import org.jspecify.annotations.NullMarked;
