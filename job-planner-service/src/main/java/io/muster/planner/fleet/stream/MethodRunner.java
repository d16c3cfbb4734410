package io.muster.planner.fleet.stream;

import io.muster.planner.fleet.Methods;
import io.muster.planner.fleet.Refusals;
import io.muster.planner.json.Json;
import io.muster.planner.json.MalformedJsonException;
import io.muster.planner.state.Caller;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.MethodCall;
import io.muster.planner.state.PendingMethod;
import io.muster.planner.state.Retry;
import io.muster.planner.state.Sweep;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceMethod;
import io.muster.records.FailureKind;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodResult;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.records.Refusal;
import io.muster.service.LogText;
import io.muster.service.RecordFailure;
import io.muster.service.Requester;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands methods to connected devices, and ends each once. Rules are in {@link Methods}. For one task. */
final class MethodRunner {
    private static final Logger LOG = LoggerFactory.getLogger(MethodRunner.class);
    private static final String METHODS_FILTER = "$iothub/methods/POST/#";
    private static final int DUE_PER_TICK = Budget.TICK / (Budget.EVENT + Budget.BEGIN);
    private static final int ERROR_STATUS = 400;
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

    /**
     * A target of a method job: handed over at once if it can be, else it waits.
     *
     * @param previous the state that the device job leaves; null when this is its first
     */
    void runJob(FleetJob job, MethodCall call, String deviceId, @Nullable DeviceJobStatus previous, Instant now) {
        PendingMethod pending = Methods.queuedOfJob(deviceId, job, call, now);
        Optional<DeviceConnection> ready = job.getHeld() ? Optional.empty() : ready(deviceId);
        if (ready.isPresent()) {
            deliver(null, pending, call, ready.get(), previous, now);
        } else {
            methods.put(null, pending);
            if (previous == null) {
                happened(pending, null, new DeviceJobQueued(null, null, null), now);
            }
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
        Optional<DeviceConnection> ready = ready(deviceId);
        if (ready.isPresent()) {
            deliver(null, pending, call, ready.get(), null, now);
        } else if (call.getConnectTimeoutSeconds() > 0) {
            methods.put(null, pending);
        } else {
            outbox.reply(requester, Refusals.notOnline(), now);
        }
    }

    /** Hands over what waits for the device, as far as it may have in flight. @return how many were handed over */
    int dispatch(String deviceId, Instant now) {
        int handedOver = 0;
        if (!methods.anyQueued(deviceId)) {
            return handedOver;
        }
        for (PendingMethod pending : methods.of(deviceId)) {
            Optional<DeviceConnection> ready = ready(deviceId);
            if (ready.isEmpty()) {
                return handedOver;
            }
            @Nullable MethodCall call = callOf(pending);
            if (!pending.getRunning() && !pending.getBackingOff() && call != null && !isHeld(pending)) {
                deliver(pending, pending, call, ready.get(), DeviceJobStatus.QUEUED, now);
                handedOver++;
            }
        }
        return handedOver;
    }

    void answered(String deviceId, MethodAnswered answer, Instant now) {
        @Nullable PendingMethod pending = awaiting(deviceId, answer.getDeliveryId());
        if (pending == null) {
            return;
        }
        try {
            String payload = json(answer.getPayload());
            if (answer.getStatus() < ERROR_STATUS || !isTriedAgain(pending, FailureKind.ERROR_STATUS, now)) {
                methods.remove(pending);
                end(
                        pending,
                        new DeviceJobCompleted(answer.getStatus(), payload),
                        new MethodResult(answer.getStatus(), payload),
                        now);
            }
        } catch (MalformedJsonException | CharacterCodingException e) {
            if (!isTriedAgain(pending, FailureKind.INVALID_RESPONSE, now)) {
                methods.remove(pending);
                fail(pending, "InvalidResponse", Refusals.notJson(), now);
            }
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
            endWithJob(pending, now);
            return;
        }
        if (call == null || (jobId == null && call.getConnectTimeoutSeconds() == 0)) {
            methods.remove(pending);
            if (report.getExpired()) {
                failForTime(pending, now);
            } else {
                fail(pending, "DeviceNotOnline", Refusals.notOnline(), now);
            }
            return;
        }
        methods.put(pending, Methods.undelivered(pending, call, now));
        if (jobId != null) {
            happened(pending, DeviceJobStatus.RUNNING, new DeviceJobQueued(pending.getAttempt(), null, null), now);
        }
        boolean connectedSince = connections
                .live(deviceId)
                .filter(connection -> connection.getEpoch() > pending.getEpoch())
                .isPresent();
        if (report.getExpired() || connectedSince) {
            dispatch(deviceId, now);
        }
    }

    /** The device had its time, by the clock of the gateway that handed the method over. */
    void unanswered(String deviceId, MethodUnanswered report, Instant now) {
        @Nullable PendingMethod pending = awaiting(deviceId, report.getDeliveryId());
        if (pending != null) {
            endForTime(pending, now);
        }
    }

    /** Ends those whose time has come, but for those that their gateways end. @return whether there was any */
    boolean timeOut(Instant now) {
        List<PendingMethod> due = methods.due(now, DUE_PER_TICK);
        for (PendingMethod pending : due) {
            try {
                timeOut(pending, now);
            } catch (RuntimeException e) {
                if (!RecordFailure.isOfRecord(e)) {
                    throw e;
                }
                LOG.error(
                        "A method in the state can't be ended and was removed, deviceId={} number={} jobId={}",
                        LogText.of(pending.getDeviceId()),
                        LogText.of(pending.getNumber()),
                        LogText.of(String.valueOf(pending.getJobId())),
                        e);
                Optional.ofNullable(methods.get(pending.getDeviceId(), pending.getNumber()))
                        .ifPresent(methods::remove);
            }
        }
        return !due.isEmpty();
    }

    private void timeOut(PendingMethod pending, Instant now) {
        Instant dueAt = pending.getDueAt();
        @Nullable MethodCall call = callOf(pending);
        if (pending.getBackingOff() && call != null) {
            methods.put(pending, Methods.again(pending, call, now));
            dispatch(pending.getDeviceId(), now);
        } else if (pending.getRunning() && dueAt != null && isAwaited(pending, call, dueAt)) {
            methods.lookAgain(pending, now.plus(LOOK_AGAIN));
        } else {
            endForTime(pending, now);
        }
    }

    private boolean isAwaited(PendingMethod pending, @Nullable MethodCall call, Instant dueAt) {
        Duration time = Duration.ofSeconds(call == null ? 0 : call.getResponseTimeoutSeconds());
        return connections.isAwaited(pending.getGateway(), pending.getGatewayRun(), dueAt, time);
    }

    private void endForTime(PendingMethod pending, Instant now) {
        FailureKind kind = pending.getRunning() ? FailureKind.NO_ANSWER : FailureKind.NOT_ONLINE;
        if (!isTriedAgain(pending, kind, now)) {
            methods.remove(pending);
            if (pending.getRunning()) {
                failForTime(pending, now);
            } else {
                endWithJob(pending, now);
            }
        }
        dispatch(pending.getDeviceId(), now);
    }

    /** Whether its job allows for another attempt after such a failure: it waits for that now. */
    private boolean isTriedAgain(PendingMethod pending, FailureKind kind, Instant now) {
        @Nullable FleetJob job = jobOf(pending);
        Optional<Retry> rule = job == null ? Optional.empty() : Methods.retry(pending, job, kind);
        if (rule.isEmpty()) {
            return false;
        }
        PendingMethod next = Methods.backingOff(pending, rule.get(), now);
        methods.put(pending, next);
        happened(
                pending,
                pending.getRunning() ? DeviceJobStatus.RUNNING : DeviceJobStatus.QUEUED,
                new DeviceJobQueued(null, kind, next.getDueAt()),
                now);
        return true;
    }

    /**
     * Hands over methods of a job that is no longer held.
     *
     * @param after the key behind which to begin; null for the first
     * @return the key behind which to go on; empty when none is left
     */
    Optional<String> resumeJob(String jobId, @Nullable String after, Budget budget, Instant now) {
        for (PendingMethod pending : methods.ofJob(jobId, after, budget.affords(Budget.BEGIN))) {
            int handedOver = dispatch(pending.getDeviceId(), now);
            budget.spend(Budget.BEGIN * Math.max(1, handedOver));
            if (budget.isSpent()) {
                return Optional.of(MethodTable.key(pending));
            }
        }
        return Optional.empty();
    }

    /**
     * Ends methods of a job that was cancelled or whose time is over: of a cancelled one those that were not handed over.
     *
     * @param after the key behind which to begin; null for the first
     * @return the key behind which to go on; empty when none is left
     */
    Optional<String> sweep(FleetJob job, @Nullable String after, Budget budget, Instant now) {
        List<PendingMethod> some = methods.ofJob(job.getJobId(), after, budget.affords(Budget.EVENT));
        for (PendingMethod pending : some) {
            budget.spend(Budget.EVENT);
            if (!pending.getRunning() || job.getSweep() == Sweep.EXPIRE) {
                methods.remove(pending);
                endWithJob(pending, now);
            }
        }
        return budget.isSpent() ? Optional.of(MethodTable.key(some.getLast())) : Optional.empty();
    }

    void deviceDeleted(String deviceId, Instant now) {
        for (PendingMethod pending : methods.of(deviceId)) {
            methods.remove(pending);
            fail(pending, "DeviceNotFound", Refusals.notFound(deviceId), now);
        }
    }

    /** The connection to hand a method to, if the device takes methods now and may have one more in flight. */
    private Optional<DeviceConnection> ready(String deviceId) {
        if (methods.running(deviceId) >= Methods.IN_FLIGHT_PER_DEVICE) {
            return Optional.empty();
        }
        return connections
                .live(deviceId)
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
        outbox.call(connection, delivered, call, deviceJobs.trace(pending), now);
        if (pending.getJobId() != null) {
            happened(pending, previous, new DeviceJobDelivered(delivered.getAttempt(), connection.getGateway()), now);
        }
    }

    private void happened(PendingMethod pending, @Nullable DeviceJobStatus previous, Object event, Instant now) {
        int partitions = pending.getJobPartitions();
        if (partitions == 0) {
            // Of a version that did not say it.
            @Nullable FleetJob job = jobs.get(pending.getJobId());
            partitions = job == null ? 0 : job.getPartitions();
        }
        deviceJobs.method(pending, partitions, previous, event, now);
    }

    /** Ends one that is not handed over any more: as cancelled where its job was, else for its time. */
    private void endWithJob(PendingMethod pending, Instant now) {
        @Nullable FleetJob job = pending.getJobId() == null ? null : jobs.get(pending.getJobId());
        if (pending.getJobId() != null && (job == null || job.getSweep() == Sweep.CANCEL)) {
            end(pending, new DeviceJobCancelled(), Refusals.notOnline(), now);
        } else {
            failForTime(pending, now);
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
        Caller caller = pending.getCaller();
        if (pending.getJobId() != null) {
            DeviceJobStatus previous = pending.getRunning() ? DeviceJobStatus.RUNNING : DeviceJobStatus.QUEUED;
            happened(pending, previous, event, now);
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
        if (pending.getJobId() == null) {
            return pending.getMethod();
        }
        @Nullable FleetJob job = jobOf(pending);
        return job == null ? null : job.getMethod();
    }

    private boolean isHeld(PendingMethod pending) {
        @Nullable FleetJob job = jobOf(pending);
        return job != null && job.getHeld();
    }

    /** The job, as long as it has not ended. */
    private @Nullable FleetJob jobOf(PendingMethod pending) {
        @Nullable FleetJob job = pending.getJobId() == null ? null : jobs.get(pending.getJobId());
        return job == null || job.getSweep() != null ? null : job;
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
