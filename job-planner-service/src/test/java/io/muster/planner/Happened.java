package io.muster.planner;

import io.muster.records.DeviceJobEvents;
import io.muster.records.DeviceJobStatus;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Holds an event of a device job, or the end of an expansion, read from a batch. @param deviceId null at the end of an expansion */
record Happened(
        String jobId,
        long jobNumber,
        @Nullable String deviceId,
        @Nullable DeviceJobStatus previous,
        Object event) {
    /** Returns what stands in a batch, in order. */
    static Stream<Happened> in(DeviceJobEvents batch) {
        Stream<Happened> events = batch.getEvents().stream()
                .map(event -> new Happened(
                        batch.getJobId(),
                        batch.getJobNumber(),
                        event.getDeviceId(),
                        event.getPrevious(),
                        event.getEvent()));
        return batch.getExpansion() == null
                ? events
                : Stream.concat(
                        events,
                        Stream.of(new Happened(
                                batch.getJobId(), batch.getJobNumber(), null, null, batch.getExpansion())));
    }
}
