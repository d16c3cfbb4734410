package io.muster.planner.fleet.stream;

import io.muster.planner.fleet.Methods;
import io.muster.planner.fleet.Refusals;
import io.muster.planner.json.Json;
import io.muster.planner.json.MalformedJsonException;
import io.muster.planner.state.Caller;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.MethodCall;
import io.muster.planner.state.PendingMethod;
import io.muster.planner.stream.Requester;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceMethod;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.MethodResult;
import io.muster.records.MethodUndelivered;
import io.muster.records.Refusal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Hands methods to connected devices, and ends each once. Rules are in {@link Methods}. For one task. */
final class MethodRunner {
    private static final String METHODS_FILTER = "$iothub/methods/POST/#";
    private static final int DUE_PER_TICK = 1000;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

    private final MethodTable methods;
    private final ConnectionTable connections;
    private final KeyValueStore<String, FleetJob> jobs;
    private final DeviceJobTable deviceJobs;
    private final FleetOutbox outbox;

    MethodRunner(
            MethodTable methods,
            ConnectionTable connections,
            KeyValueStore<String, FleetJob> jobs,
            DeviceJobTable deviceJobs,
            FleetOutbox outbox) {
        this.methods = methods;
        this.connections = connections;
        this.jobs = jobs;
        this.deviceJobs = deviceJobs;
        this.outbox = outbox;
    }

    /** A target of a method job: handed over at once if it can be, else it waits. */
    void runJob(FleetJob job, MethodCall call, String deviceId, Instant now) {
        PendingMethod pending = Methods.queuedOfJob(deviceId, job, call, now);
        Optional<DeviceConnection> ready = ready(deviceId, now);
        if (ready.isPresent()) {
            deliver(null, pending, call, ready.get(), null, now);
        } else {
            methods.put(null, pending);
            deviceJobs.method(job.getJobId(), deviceId, null, now, new DeviceJobQueued(null), now);
        }
    }

    /** A direct invocation: handed over at once, or it waits for so long as it said. */
    void invoke(String deviceId, DeviceMethod method, long position, Requester requester, Instant now) {
        if (methods.running(deviceId) >= Methods.IN_FLIGHT_PER_DEVICE) {
            outbox.reply(requester, Refusals.tooManyInFlight(Methods.IN_FLIGHT_PER_DEVICE), now);
            return;
        }
        MethodCall call = Methods.call(method);
        PendingMethod pending = PendingMethod.newBuilder()
                .setDeviceId(deviceId)
                .setNumber(Methods.numberOfInvocation(position))
                .setCaller(requester.awaitsReply() ? new Caller(requester.requestId(), requester.replyTo()) : null)
                .setMethod(call)
                .setCreatedAt(now)
                .setDueAt(now.plusSeconds(call.getConnectTimeoutSeconds()))
                .build();
        Optional<DeviceConnection> ready = ready(deviceId, now);
        if (ready.isPresent()) {
            deliver(null, pending, call, ready.get(), null, now);
        } else if (call.getConnectTimeoutSeconds() > 0) {
            methods.put(null, pending);
        } else {
            outbox.reply(requester, Refusals.notOnline(), now);
        }
    }

    /** Hands over what waits for the device, as far as it may have in flight. */
    void dispatch(String deviceId, Instant now) {
        if (!methods.anyQueued(deviceId)) {
            return;
        }
        for (PendingMethod pending : methods.of(deviceId)) {
            Optional<DeviceConnection> ready = ready(deviceId, now);
            if (ready.isEmpty()) {
                return;
            }
            @Nullable MethodCall call = callOf(pending);
            if (!pending.getRunning() && call != null) {
                deliver(pending, pending, call, ready.get(), DeviceJobStatus.QUEUED, now);
            }
        }
    }

    void answered(String deviceId, MethodAnswered answer, Instant now) {
        @Nullable PendingMethod pending = awaiting(deviceId, answer.getDeliveryId());
        if (pending == null) {
            return;
        }
        methods.remove(pending);
        try {
            String payload = json(answer.getPayload());
            end(
                    pending,
                    new DeviceJobCompleted(answer.getStatus(), payload),
                    new MethodResult(answer.getStatus(), payload),
                    now);
        } catch (MalformedJsonException | CharacterCodingException e) {
            fail(pending, "InvalidResponse", Refusals.notJson(), now);
        }
        dispatch(deviceId, now);
    }

    void undelivered(String deviceId, MethodUndelivered report, Instant now) {
        @Nullable PendingMethod pending = awaiting(deviceId, report.getDeliveryId());
        if (pending == null) {
            return;
        }
        @Nullable MethodCall call = callOf(pending);
        String jobId = pending.getJobId();
        if (jobId != null && call == null) {
            methods.remove(pending);
            end(pending, new DeviceJobCancelled(), Refusals.notOnline(), now);
            return;
        }
        if (call == null || (jobId == null && call.getConnectTimeoutSeconds() == 0)) {
            methods.remove(pending);
            fail(pending, "DeviceNotOnline", Refusals.notOnline(), now);
            return;
        }
        methods.put(pending, Methods.undelivered(pending, call, now));
        if (jobId != null) {
            deviceJobs.method(
                    jobId,
                    deviceId,
                    DeviceJobStatus.RUNNING,
                    pending.getCreatedAt(),
                    new DeviceJobQueued(pending.getAttempt()),
                    now);
        }
        boolean connectedSince = connections
                .live(deviceId, now)
                .filter(connection -> connection.getEpoch() > pending.getEpoch())
                .isPresent();
        if (connectedSince) {
            dispatch(deviceId, now);
        }
    }

    /** Ends those whose time has come. @return whether there was any */
    boolean timeOut(Instant now) {
        List<PendingMethod> due = methods.due(now, DUE_PER_TICK);
        for (PendingMethod pending : due) {
            Instant dueAt = pending.getDueAt();
            if (pending.getRunning()
                    && dueAt != null
                    && !connections.hasReportedUntil(pending.getGateway(), dueAt, now)) {
                methods.lookAgain(pending, now.plus(LOOK_AGAIN));
                continue;
            }
            methods.remove(pending);
            failForTime(pending, now);
            dispatch(pending.getDeviceId(), now);
        }
        return !due.isEmpty();
    }

    /** The job was cancelled: what has not been handed over never is. */
    void cancelJob(String jobId, Instant now) {
        methods.ofJob(jobId, pending -> {
            if (!pending.getRunning()) {
                methods.remove(pending);
                end(pending, new DeviceJobCancelled(), Refusals.notOnline(), now);
            }
        });
    }

    /** The job's time is over: whatever has not ended fails. */
    void expireJob(String jobId, Instant now) {
        methods.ofJob(jobId, pending -> {
            methods.remove(pending);
            failForTime(pending, now);
        });
    }

    void deviceDeleted(String deviceId, Instant now) {
        for (PendingMethod pending : methods.of(deviceId)) {
            methods.remove(pending);
            fail(pending, "DeviceNotFound", Refusals.notFound(deviceId), now);
        }
    }

    /** The connection to hand a method to, if the device takes methods now and may have one more in flight. */
    private Optional<DeviceConnection> ready(String deviceId, Instant now) {
        if (methods.running(deviceId) >= Methods.IN_FLIGHT_PER_DEVICE) {
            return Optional.empty();
        }
        return connections
                .live(deviceId, now)
                .filter(connection -> connection.getSubscriptions().contains(METHODS_FILTER));
    }

    private void deliver(
            @Nullable PendingMethod before,
            PendingMethod pending,
            MethodCall call,
            DeviceConnection connection,
            @Nullable DeviceJobStatus previous,
            Instant now) {
        PendingMethod delivered = Methods.delivered(pending, call, connection, now);
        methods.put(before, delivered);
        outbox.deliver(
                connection.getGateway(),
                pending.getDeviceId(),
                new MethodRequest(
                        connection.getEpoch(),
                        Methods.deliveryId(delivered),
                        call.getMethodName(),
                        call.getPayload(),
                        delivered.getDueAt()),
                now);
        String jobId = pending.getJobId();
        if (jobId != null) {
            deviceJobs.method(
                    jobId,
                    pending.getDeviceId(),
                    previous,
                    pending.getCreatedAt(),
                    new DeviceJobDelivered(delivered.getAttempt(), connection.getGateway()),
                    now);
        }
    }

    private void failForTime(PendingMethod pending, Instant now) {
        if (pending.getRunning()) {
            fail(pending, "GatewayTimeout", Refusals.noAnswer(), now);
        } else {
            fail(pending, "DeviceNotOnline", Refusals.notOnline(), now);
        }
    }

    private void fail(PendingMethod pending, String code, Refusal refusal, Instant now) {
        end(pending, new DeviceJobFailed(code, refusal.getMessage()), refusal, now);
    }

    /** Says how it ended: to everybody if a job asked, to the caller if one did. */
    private void end(PendingMethod pending, Object event, Object outcome, Instant now) {
        String jobId = pending.getJobId();
        Caller caller = pending.getCaller();
        if (jobId != null) {
            DeviceJobStatus previous = pending.getRunning() ? DeviceJobStatus.RUNNING : DeviceJobStatus.QUEUED;
            deviceJobs.method(jobId, pending.getDeviceId(), previous, pending.getCreatedAt(), event, now);
        } else if (caller != null) {
            outbox.reply(new Requester(caller.getRequestId(), caller.getReplyTo()), outcome, now);
        }
    }

    private @Nullable PendingMethod awaiting(String deviceId, String deliveryId) {
        return Methods.number(deliveryId)
                .map(number -> methods.get(deviceId, number))
                .filter(pending -> Methods.awaits(pending, deliveryId))
                .orElse(null);
    }

    /** What to call; null when the job that said so was cancelled. */
    private @Nullable MethodCall callOf(PendingMethod pending) {
        String jobId = pending.getJobId();
        if (jobId == null) {
            return pending.getMethod();
        }
        @Nullable FleetJob job = jobs.get(jobId);
        return job == null ? null : job.getMethod();
    }

    private static String json(ByteBuffer payload) throws MalformedJsonException, CharacterCodingException {
        String text =
                StandardCharsets.UTF_8.newDecoder().decode(payload.duplicate()).toString();
        if (text.isBlank()) {
            return "null";
        }
        Json.value(text);
        return text;
    }
}
