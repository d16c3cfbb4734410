package io.muster.planner.work;

import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.FailureReason;
import java.util.Optional;

/** Makes the public form of an event: a record of the union {@code DeviceJobEvent.event}. */
public final class Announcement {
    private Announcement() {}

    /** Returns what is announced; empty where users see no difference. */
    public static Optional<Object> of(Work before, WorkEvent event) {
        return switch (event) {
            case WorkEvent.Enlisted _ -> queued();
            case WorkEvent.Awaited _ -> before.status().isEmpty() ? queued() : Optional.empty();
            case WorkEvent.Delivered(int attempt, Link link, var _) ->
                Optional.of(new DeviceJobDelivered(attempt, link.gateway()));
            case WorkEvent.Returned(int attempt, var _) -> Optional.of(new DeviceJobQueued(attempt, null, null));
            case WorkEvent.RetryScheduled(var failure, var at) -> Optional.of(new DeviceJobQueued(null, failure, at));
            case WorkEvent.RetryBegun _ -> Optional.empty();
            case WorkEvent.HasEnded(Work.Outcome outcome) -> Optional.of(of(outcome));
        };
    }

    private static Optional<Object> queued() {
        return Optional.of(new DeviceJobQueued(null, null, null));
    }

    private static Object of(Work.Outcome outcome) {
        return switch (outcome) {
            case Work.Outcome.Completed completed -> {
                Work.Reply answer = completed.answer();
                yield answer == null
                        ? new DeviceJobCompleted(null, null)
                        : new DeviceJobCompleted(answer.status(), answer.payload());
            }
            case Work.Outcome.Failed(FailureReason reason, String detail) -> new DeviceJobFailed(reason, detail);
            case Work.Outcome.Cancelled _ -> new DeviceJobCancelled();
        };
    }
}
