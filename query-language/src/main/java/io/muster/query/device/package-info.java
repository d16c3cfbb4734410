/**
 * Defines the dialect of IoT Hub: conditions and whole queries over devices, modules and device jobs are parsed once and compiled to a tree of small
 * evaluators. Several services must agree on it exactly. Contract: iot-hub, section 3.
 *
 *
 * <p>May import: {@code java.util}, {@code org.antlr.v4.runtime}, {@code io.muster.query.kernel}, {@code io.muster.query.device.grammar}.
 */
@NullMarked
package io.muster.query.device;

import org.jspecify.annotations.NullMarked;
