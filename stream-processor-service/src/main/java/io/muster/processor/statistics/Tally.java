package io.muster.processor.statistics;

import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.PartialTally;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Counts how many device jobs of one job are in each state, in one device partition. An event names the state that it leaves, so the fold
 * needs no state of a device. Conserved by every event: the states sum to the devices seen.
 */
public record Tally(long queued, long running, long succeeded, long failed, long cancelled) {
    public static final Tally EMPTY = new Tally(0, 0, 0, 0, 0);

    /** Returns the number of devices seen so far. */
    public long total() {
        return queued + running + succeeded + failed + cancelled;
    }

    /** Returns the tally after the event; empty where the event leaves a state that no device is in, which cannot have happened. */
    public Optional<Tally> after(DeviceJobEvent event) {
        @Nullable DeviceJobStatus left = event.getPrevious();
        Tally before = left == null ? this : plus(left, -1);
        return before.isPossible() ? Optional.of(before.plus(entered(event.getEvent()), 1)) : Optional.empty();
    }

    /** Returns the state that the event's device job enters. */
    private static DeviceJobStatus entered(Object event) {
        return switch (event) {
            case DeviceJobQueued _ -> DeviceJobStatus.QUEUED;
            case DeviceJobDelivered _ -> DeviceJobStatus.RUNNING;
            case DeviceJobCompleted _ -> DeviceJobStatus.COMPLETED;
            case DeviceJobFailed _ -> DeviceJobStatus.FAILED;
            case DeviceJobCancelled _ -> DeviceJobStatus.CANCELLED;
            default -> throw new IllegalStateException("not an event of a device job, class=" + event.getClass());
        };
    }

    private Tally plus(DeviceJobStatus status, long change) {
        return switch (status) {
            case QUEUED -> new Tally(queued + change, running, succeeded, failed, cancelled);
            case RUNNING -> new Tally(queued, running + change, succeeded, failed, cancelled);
            case COMPLETED -> new Tally(queued, running, succeeded + change, failed, cancelled);
            case FAILED -> new Tally(queued, running, succeeded, failed + change, cancelled);
            case CANCELLED -> new Tally(queued, running, succeeded, failed, cancelled + change);
        };
    }

    /** Returns whether no state has less than no device jobs. */
    public boolean isPossible() {
        return queued >= 0 && running >= 0 && succeeded >= 0 && failed >= 0 && cancelled >= 0;
    }

    public Tally plus(Tally other) {
        return new Tally(
                queued + other.queued,
                running + other.running,
                succeeded + other.succeeded,
                failed + other.failed,
                cancelled + other.cancelled);
    }

    public static Tally of(@Nullable PartialTally partial) {
        if (partial == null) {
            return EMPTY;
        }
        DeviceJobCounts counts = partial.getCounts();
        return new Tally(
                counts.getQueued(),
                counts.getRunning(),
                counts.getSucceeded(),
                counts.getFailed(),
                counts.getCancelled());
    }

    public DeviceJobCounts counts() {
        return new DeviceJobCounts(total(), queued, running, succeeded, failed, cancelled);
    }
}
