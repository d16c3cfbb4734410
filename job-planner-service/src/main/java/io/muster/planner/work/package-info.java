/**
 * Decides on the work of a job, or of a direct invocation, on one device. {@link io.muster.planner.work.WorkDecider} is pure; its states and
 * inputs are in docs/device-work.md. An operation of a job on a device is an {@link io.muster.planner.work.Operation}: a plug-in, in a folder below.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.muster.planner.fleet}, {@code io.muster.planner.request},
 * {@code io.muster.planner.state}, {@code io.muster.planner.work.method}, {@code io.muster.planner.work.twin}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.planner.work;

import org.jspecify.annotations.NullMarked;
