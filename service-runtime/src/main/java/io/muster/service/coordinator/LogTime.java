package io.muster.service.coordinator;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * Measures time in the partition's log, in seconds: the partition writes a probe into it once a second, and the next one not before it has read the last.
 * Time does not pass while the log is away, while this task stands still or reads a backlog, or when somebody sets a clock: a writer that was
 * silent for ten seconds here wrote nothing in between ten writes of others (ADR 0018). For one task.
 */
public final class LogTime {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final String task;
    private Instant writtenAt = Instant.EPOCH;
    private long written;
    private long read;

    /** Begins at 0. @param task no other's, and no earlier incarnation's: probes that it left behind are not counted */
    public LogTime(String task) {
        this.task = task;
    }

    /** Returns the name that goes into this task's probes. */
    public String task() {
        return task;
    }

    /** Returns the seconds since this task began. */
    public long seconds() {
        return read;
    }

    /** Returns the number of the probe that is to be written now; empty when none is. */
    public OptionalLong due(Instant now) {
        boolean passed = now.isBefore(writtenAt) || !now.isBefore(writtenAt.plus(SECOND));
        if (read < written || !passed) {
            return OptionalLong.empty();
        }
        writtenAt = now;
        return OptionalLong.of(++written);
    }

    /** Takes a probe that was read again. */
    public void read(String from, long number) {
        if (from.equals(task)) {
            read = number;
        }
    }
}
