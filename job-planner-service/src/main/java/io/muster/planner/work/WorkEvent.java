package io.muster.planner.work;

import io.muster.records.FailureKind;
import java.time.Instant;
import java.util.Optional;

/** Is what has happened to a device's work. */
public sealed interface WorkEvent {
    /** It waits for its turn. */
    record Enlisted() implements WorkEvent {}

    /** It waits for its device. @param until empty where it waits as long as its job lives */
    record Awaited(Optional<Instant> until) implements WorkEvent {}

    /** A gateway was handed an attempt. */
    record Delivered(int attempt, Link link, Instant until) implements WorkEvent {}

    /** The attempt never left the gateway: it waits for its device again. */
    record Returned(int attempt, Optional<Instant> until) implements WorkEvent {}

    /** An attempt failed and there will be another. */
    record RetryScheduled(FailureKind failure, Instant at) implements WorkEvent {}

    /** Its retry is due: it waits for its device again. */
    record RetryBegun(Optional<Instant> until) implements WorkEvent {}

    /** It has ended. */
    record HasEnded(Work.Outcome outcome) implements WorkEvent {}
}
