package io.muster.node.program;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Bounds a program. An empty limit is none.
 *
 * @param wallClock how long it may run
 * @param idle how long it may run without output and without using a processor
 * @param outputBytes how much of its output is handed over; the rest is counted and dropped, and the program goes on
 * @param memoryBytes how much memory all its processes may use together; held where {@link ControlGroups} can
 * @param processors how many processors all its processes may use together; held where {@link ControlGroups} can
 */
public record Limits(
        Optional<Duration> wallClock,
        Optional<Duration> idle,
        OptionalLong outputBytes,
        OptionalLong memoryBytes,
        OptionalDouble processors) {
    /** Bounds nothing. */
    public static final Limits NONE = new Limits(
            Optional.empty(), Optional.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalDouble.empty());
}
