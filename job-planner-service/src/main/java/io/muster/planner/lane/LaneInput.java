package io.muster.planner.lane;

import io.muster.records.EnterLane;

/** Is an input of {@link LaneDecider}. */
public sealed interface LaneInput {
    /** Says that a job wants to run. */
    record Enter(EnterLane entry) implements LaneInput {}

    /** Says that a job runs no more, or does not want to. */
    record Leave(String jobId) implements LaneInput {}

    /** Asks whether the first in line may run. */
    record Admit() implements LaneInput {}
}
