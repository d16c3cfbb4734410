package io.muster.planner.fleet.stream;

import io.muster.records.Delivery;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.ExpansionCompleted;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.Traces;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends to gateways, to requesters, and to everybody. Events are gathered until {@link #flush}: those that one record or one tick
 * makes of devices of one job are one record. For one task.
 */
final class FleetOutbox {
    private static final String WRITER = "fleet";

    /** Bytes of an event beside its texts. */
    private static final int EVENT_BYTES = 48;

    private final Outbox outbox;
    private final Gatherer<JobSlice, DeviceJobEvent> events = new Gatherer<>((slice, some) -> send(slice, some, null));

    FleetOutbox(Outbox outbox) {
        this.outbox = outbox;
    }

    Outbox plain() {
        return outbox;
    }

    static String deadLetters() {
        return Outbox.sink(Topics.DEAD_LETTERS, WRITER);
    }

    static String replies() {
        return Outbox.sink(Topics.REPLIES, WRITER);
    }

    /** Sends what was gathered: to be called behind each record and each tick, whatever became of it. */
    void flush() {
        events.sendAll();
    }

    void happened(JobSlice slice, DeviceJobEvent event) {
        events.add(slice, event, event.getDeviceId().length() + payload(event) + EVENT_BYTES);
    }

    private static int payload(DeviceJobEvent event) {
        return event.getEvent() instanceof DeviceJobCompleted completed && completed.getMethodPayload() != null
                ? completed.getMethodPayload().length()
                : 0;
    }

    /** Sends it behind the first event of each of the job's devices here, and before any event that comes later. */
    void expanded(JobSlice slice, ExpansionCompleted completed) {
        send(slice, events.take(slice), completed);
    }

    private void send(JobSlice slice, List<DeviceJobEvent> events, @Nullable ExpansionCompleted expansion) {
        outbox.send(
                Outbox.sink(Topics.DEVICE_JOB_EVENTS),
                Topics.DEVICE_JOB_EVENTS,
                new Route(slice.jobId(), slice.partition()),
                new DeviceJobEvents(slice.jobId(), slice.jobNumber(), slice.at(), events, expansion),
                slice.at());
    }

    void deliver(int gateway, String deviceId, Object delivery, Instant now) {
        deliver(gateway, deviceId, delivery, now, Optional.empty());
    }

    void deliver(int gateway, String deviceId, Object delivery, Instant now, Optional<Traces.Trace> trace) {
        outbox.sendTraced(
                Outbox.sink(Topics.DELIVERIES),
                Topics.DELIVERIES,
                new Route(deviceId, gateway),
                new Delivery(deviceId, now, delivery),
                now,
                trace);
    }

    void reply(Requester requester, Object outcome, Instant now) {
        outbox.reply(replies(), requester, outcome, now);
    }
}
