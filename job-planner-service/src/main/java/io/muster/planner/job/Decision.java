package io.muster.planner.job;

import io.muster.records.JobEvent;
import io.muster.records.Refusal;

/** The decider's answer. */
public sealed interface Decision {
    /** This happened: evolve with it, write it, and act on it. */
    record Happened(JobEvent event) implements Decision {}

    /** Nothing changes, and nobody is at fault. */
    record Nothing() implements Decision {}

    record Refused(Refusal refusal) implements Decision {}
}
