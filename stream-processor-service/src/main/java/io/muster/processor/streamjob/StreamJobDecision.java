package io.muster.processor.streamjob;

import io.muster.records.Refusal;

/** Says what comes of a command. */
public sealed interface StreamJobDecision {
    /** @param event one of those of {@code StreamJobEvent} */
    record Happened(Object event) implements StreamJobDecision {}

    /** It is so already, or is of a start that is over. */
    record Nothing() implements StreamJobDecision {}

    record Refused(Refusal refusal) implements StreamJobDecision {}
}
