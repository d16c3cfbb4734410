package io.muster.schedule;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/**
 * Holds one firing of a schedule.
 *
 * @param localTime as the clocks of the schedule's zone show it
 * @param note a sentence for people, where a clock change moved the local time or made it come twice
 */
public record Occurrence(OffsetDateTime localTime, Optional<String> note) {
    /** Returns when it is. */
    public Instant time() {
        return localTime.toInstant();
    }
}
