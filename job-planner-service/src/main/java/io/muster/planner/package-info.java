/**
 * The planner: {@code job} decides on jobs, {@code fleet} on devices and device jobs; their {@code stream} packages run them in one
 * Kafka Streams application. This package composes.
 */
@NullMarked
package io.muster.planner;

import org.jspecify.annotations.NullMarked;
