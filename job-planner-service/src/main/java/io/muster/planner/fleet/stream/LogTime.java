package io.muster.planner.fleet.stream;

import io.muster.records.PartitionProbe;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Measures time in the partition's log, in seconds: the partition writes a probe into it once a second, and the next one not before it has read the last.
 * Time does not pass while the log is away, while this task stands still or reads what piled up, or when somebody sets a clock: who was
 * silent for ten seconds here wrote nothing in between ten writes of others (ADR 0018). For one task.
 */
final class LogTime {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final String task;
    private Instant writtenAt = Instant.EPOCH;
    private long written;
    private long read;

    /** @param task no other's, and no earlier incarnation's: probes that it left behind are not counted */
    LogTime(String task) {
        this.task = task;
    }

    String task() {
        return task;
    }

    /** Returns the seconds since this task began. */
    long seconds() {
        return read;
    }

    /** Returns the probe that is to be written now; empty when none is. */
    Optional<PartitionProbe> due(Instant now) {
        boolean passed = now.isBefore(writtenAt) || !now.isBefore(writtenAt.plus(SECOND));
        if (read < written || !passed) {
            return Optional.empty();
        }
        writtenAt = now;
        return Optional.of(new PartitionProbe(++written));
    }

    /** Takes a probe that was read again. */
    void read(String from, PartitionProbe probe) {
        if (from.equals(task)) {
            read = probe.getNumber();
        }
    }
}
