package io.muster.planner.fleet.topology;

import io.muster.planner.state.FleetJob;
import io.muster.planner.work.DeliveryId;
import io.muster.planner.work.Effect;
import io.muster.planner.work.Operation;
import io.muster.records.Delivery;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.ExpansionCompleted;
import io.muster.records.MethodTarget;
import io.muster.service.Gatherer;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.Traces;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends to gateways, to requesters, and to everybody. Events and calls are gathered until {@link #flush}: the events of one job that one record or
 * one tick makes are one record, and its calls one record for each gateway. For one task.
 */
final class FleetOutbox {
    static final String WRITER = "fleet";

    private static final int MOST_EVENTS = 1000;
    /** Limits the calls of a record, all of which are in doubt where their gateway is killed. */
    private static final int MOST_CALLS = 200;
    /** Counts bytes of an event or a call beside its texts. */
    private static final int EVENT_BYTES = 48;

    /** Names what the calls of one record have in common: the job's method is the same for all. */
    private record CallSlice(String jobId, long jobNumber, int gateway, Instant at) {}

    /** Says which operation gathered calls ask for, and when the first of them came. */
    private record Gathered(Operation.OnDevice operation, long number) {}

    private final Outbox outbox;
    private final Gatherer<JobSlice, DeviceJobEvent> events =
            new Gatherer<>(MOST_EVENTS, (slice, some) -> send(slice, some, null));
    private final Gatherer<CallSlice, MethodTarget> calls = new Gatherer<>(MOST_CALLS, this::send);
    private final Map<CallSlice, Gathered> gathered = new HashMap<>();
    /** Holds the slice in which the last call of each device was gathered. */
    private final Map<String, CallSlice> called = new HashMap<>();

    private long lastGathered;

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
        sendCalls();
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

    /** Sends behind what was gathered for the device. */
    void deliver(int gateway, String deviceId, Object delivery, Instant now) {
        deliver(gateway, deviceId, delivery, now, Optional.empty());
    }

    private void deliver(int gateway, String deviceId, Object delivery, Instant now, Optional<Traces.Trace> trace) {
        if (called.containsKey(deviceId)) {
            sendCalls();
        }
        outbox.sendTraced(
                Outbox.sink(Topics.DELIVERIES, WRITER),
                Topics.DELIVERIES,
                new Route(deviceId, gateway),
                new Delivery(deviceId, now, delivery),
                now,
                trace);
    }

    /** Hands an attempt to its gateway: with others of the same job, or by itself where no job asks. */
    void call(
            WorkTable.Item item,
            Operation.OnDevice operation,
            Effect.Deliver attempt,
            Optional<Traces.Trace> trace,
            Instant now) {
        String deviceId = item.deviceId();
        FleetJob job = item.job();
        int gateway = attempt.link().gateway();
        long epoch = attempt.link().epoch();
        String deliveryId = new DeliveryId(item.number(), attempt.attempt()).text();
        if (job == null) {
            deliver(gateway, deviceId, operation.delivery(epoch, deliveryId, attempt.until()), now, trace);
            return;
        }
        CallSlice slice = new CallSlice(job.getJobId(), job.getJobNumber(), gateway, now);
        if (isBehind(called.get(deviceId), slice)) {
            sendCalls();
        }
        called.put(deviceId, slice);
        gathered.computeIfAbsent(slice, _ -> new Gathered(operation, ++lastGathered));
        calls.add(
                slice,
                new MethodTarget(
                        deviceId,
                        epoch,
                        deliveryId,
                        attempt.until(),
                        trace.map(Traces.Trace::traceparent).orElse(null)),
                deviceId.length() + EVENT_BYTES);
    }

    /** Returns whether a device's earlier call would go out behind the next one: it gets them in the order of their decisions. */
    private boolean isBehind(@Nullable CallSlice earlier, CallSlice next) {
        @Nullable Gathered first = earlier == null ? null : gathered.get(earlier);
        @Nullable Gathered second = gathered.get(next);
        return first != null && second != null && first.number() > second.number();
    }

    private void sendCalls() {
        calls.sendAll();
        called.clear();
    }

    private void send(CallSlice slice, List<MethodTarget> targets) {
        Operation.OnDevice operation = Objects.requireNonNull(
                        gathered.remove(slice), "the operation of the gathered calls")
                .operation();
        outbox.send(
                Outbox.sink(Topics.DELIVERIES, WRITER),
                Topics.DELIVERIES,
                new Route(slice.jobId(), slice.gateway()),
                new Delivery(null, slice.at(), operation.deliveries(targets)),
                slice.at());
    }

    void reply(Requester requester, Object outcome, Instant now) {
        outbox.reply(replies(), requester, outcome, now);
    }
}
