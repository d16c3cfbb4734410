package io.muster.planner.work;

import io.muster.records.FailureKind;
import java.time.Instant;
import java.util.Optional;

/** Is what has happened to a device's work. */
public sealed interface WorkEvent {
    /** Says that the work waits for its turn. */
    record Enlisted() implements WorkEvent {}

    /** Says that the work waits for its device. @param until empty where it waits as long as its job lives */
    record Awaited(Optional<Instant> until) implements WorkEvent {}

    /** Says that a gateway was handed an attempt. */
    record Delivered(int attempt, Link link, Instant until) implements WorkEvent {}

    /** Says that the attempt never left the gateway: the work waits for its device again. */
    record Returned(int attempt, Optional<Instant> until) implements WorkEvent {}

    /** Says that an attempt failed and there will be another. */
    record RetryScheduled(FailureKind failure, Instant at) implements WorkEvent {}

    /** Says that the retry is due: the work waits for its device again. */
    record RetryBegun(Optional<Instant> until) implements WorkEvent {}

    /** Says that the work has ended. */
    record HasEnded(Work.Outcome outcome) implements WorkEvent {}
}
