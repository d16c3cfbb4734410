package io.muster.planner.work;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Is the work of a job, or of an invocation, on one device, as users see it.
 *
 * @param startedAt when a gateway was first handed it, or it was done; null before
 * @param updatedAt of the latest event that users see
 */
public record WorkOnDevice(
        String deviceId,
        Work work,
        Instant createdAt,
        @Nullable Instant startedAt,
        Instant updatedAt) {
    /** Returns new work. */
    public static WorkOnDevice begins(String deviceId, Instant now) {
        return new WorkOnDevice(deviceId, new Work.New(), now, null, now);
    }

    /** Returns the work after an event. @param isAnnounced whether users see it */
    public WorkOnDevice after(WorkEvent event, boolean isAnnounced, Instant now) {
        Work next = WorkDecider.evolve(work, event);
        boolean isDone = next instanceof Work.Ended(Work.Outcome outcome) && outcome instanceof Work.Outcome.Completed;
        boolean starts = startedAt == null && (isDone || next instanceof Work.Running);
        return new WorkOnDevice(deviceId, next, createdAt, starts ? now : startedAt, isAnnounced ? now : updatedAt);
    }

    /** Returns whether it has not ended. */
    public boolean isOpen() {
        return !(work instanceof Work.Ended);
    }
}
