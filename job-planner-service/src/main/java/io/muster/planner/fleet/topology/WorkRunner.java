package io.muster.planner.fleet.topology;

import io.muster.planner.fleet.Refusals;
import io.muster.planner.state.Caller;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.Invocation;
import io.muster.planner.state.MethodCall;
import io.muster.planner.state.Sweep;
import io.muster.planner.work.Announcement;
import io.muster.planner.work.DeliveryId;
import io.muster.planner.work.Effect;
import io.muster.planner.work.Link;
import io.muster.planner.work.Operation;
import io.muster.planner.work.Operations;
import io.muster.planner.work.Terms;
import io.muster.planner.work.Work;
import io.muster.planner.work.WorkDecider;
import io.muster.planner.work.WorkDecision;
import io.muster.planner.work.WorkEvent;
import io.muster.planner.work.WorkInput;
import io.muster.planner.work.WorkOnDevice;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceMethod;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodResult;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.service.Requester;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Does the work of jobs and of invocations on devices: asks {@link WorkDecider}, keeps and announces what has happened, and hands attempts to
 * gateways. For one task.
 */
final class WorkRunner {
    /** Limits the attempts that a device may have in flight; more wait their turn. */
    private static final int IN_FLIGHT_PER_DEVICE = 10;

    private static final int DUE_PER_TICK = Budget.TICK / (Budget.EVENT + Budget.BEGIN);

    private final WorkTable table;
    private final ConnectionTable connections;
    private final FleetJobs jobs;
    private final DeviceJobTable deviceJobs;
    private final FleetOutbox outbox;

    WorkRunner(
            WorkTable table,
            ConnectionTable connections,
            FleetJobs jobs,
            DeviceJobTable deviceJobs,
            FleetOutbox outbox) {
        this.table = table;
        this.connections = connections;
        this.jobs = jobs;
        this.deviceJobs = deviceJobs;
        this.outbox = outbox;
    }

    /** Notes a target that has to wait for its turn. */
    void enlist(FleetJob job, String deviceId, Instant now) {
        decide(job, deviceId, new WorkInput.Enlist(), now);
    }

    /** Begins an operation on a device: hands it over at once if the device takes it, else it waits. */
    void begin(FleetJob job, String deviceId, Instant now) {
        decide(
                job,
                deviceId,
                new WorkInput.Begin(job.getHeld() ? Optional.empty() : ready(deviceId, onDevice(job))),
                now);
    }

    /** Notes what came of an operation on the device's twin. */
    void applied(FleetJob job, String deviceId, Optional<Work.Outcome.Failed> failure, Instant now) {
        decide(job, deviceId, new WorkInput.Apply(failure), now);
    }

    /** Ends a target whose device is there no more. */
    void removeTarget(FleetJob job, String deviceId, Instant now) {
        decide(job, deviceId, new WorkInput.RemoveDevice(), now);
    }

    private void decide(FleetJob job, String deviceId, WorkInput input, Instant now) {
        decide(table.of(job, deviceId, now), terms(deviceId, job), input, now);
    }

    /** Begins a direct invocation: it is handed over at once, or waits for so long as it said. */
    void invoke(String deviceId, DeviceMethod method, long position, Requester requester, Instant now) {
        if (table.running(deviceId) >= IN_FLIGHT_PER_DEVICE) {
            outbox.reply(requester, Refusals.tooManyInFlight(IN_FLIGHT_PER_DEVICE), now);
            return;
        }
        WorkOnDevice work = WorkOnDevice.begins(deviceId, now);
        String number = DeliveryId.numberOfInvocation(position);
        Invocation invocation = new Invocation(
                number,
                requester.awaitsReply() ? new Caller(requester.requestId(), requester.replyTo()) : null,
                (MethodCall) Operations.keep(method),
                null);
        WorkTable.Item item = new WorkTable.Item(number, null, invocation, work);
        decide(item, new WorkInput.Begin(ready(deviceId, onDevice(item))), now);
    }

    /** Hands over what waits for the device, as far as it may have in flight. @return how many were handed over */
    int dispatch(String deviceId, Instant now) {
        int handedOver = 0;
        if (!table.isAnyWaiting(deviceId) || connections.live(deviceId).isEmpty()) {
            return handedOver;
        }
        for (WorkTable.Item item : table.begun(deviceId)) {
            if (table.running(deviceId) >= IN_FLIGHT_PER_DEVICE) {
                return handedOver;
            }
            Optional<Link> ready = ready(deviceId, onDevice(item));
            if (ready.isPresent() && (item.job() == null || !item.job().getHeld())) {
                handedOver += decide(item, new WorkInput.DeviceReady(ready.get()), now) ? 1 : 0;
            }
        }
        return handedOver;
    }

    void answered(String deviceId, MethodAnswered report, Instant now) {
        reported(
                deviceId,
                report.getDeliveryId(),
                (item, attempt) -> onDevice(item)
                        .<WorkInput>map(operation -> new WorkInput.Answered(
                                attempt, operation.read(report.getStatus(), report.getPayload()))),
                now);
    }

    void undelivered(String deviceId, MethodUndelivered report, Instant now) {
        reported(
                deviceId,
                report.getDeliveryId(),
                (item, attempt) ->
                        Optional.of(new WorkInput.Undelivered(attempt, report.getExpired(), isReconnected(item))),
                now);
    }

    /** Notes that the device had its time, by the clock of the gateway that handed the method over. */
    void unanswered(String deviceId, MethodUnanswered report, Instant now) {
        reported(deviceId, report.getDeliveryId(), (_, attempt) -> Optional.of(new WorkInput.Unanswered(attempt)), now);
    }

    private void reported(
            String deviceId,
            String deliveryId,
            BiFunction<WorkTable.Item, Integer, Optional<WorkInput>> report,
            Instant now) {
        DeliveryId.parse(deliveryId)
                .ifPresent(id -> table.get(deviceId, id.number())
                        .ifPresent(
                                item -> report.apply(item, id.attempt()).ifPresent(input -> decide(item, input, now))));
    }

    private boolean isReconnected(WorkTable.Item item) {
        return item.state().work() instanceof Work.Running running
                && connections
                        .live(item.deviceId())
                        .filter(connection ->
                                connection.getEpoch() > running.link().epoch())
                        .isPresent();
    }

    /** Asks about work whose time has come. @return whether there was any */
    boolean timeOut(Instant now) {
        List<WorkTable.Item> due = table.due(now, DUE_PER_TICK);
        due.forEach(item -> decide(item, new WorkInput.Due(isAwaited(item)), now));
        return !due.isEmpty();
    }

    private boolean isAwaited(WorkTable.Item item) {
        return item.state().work() instanceof Work.Running running
                && connections.isAwaited(
                        running.link().gateway(),
                        running.link().run(),
                        running.until(),
                        terms(item).answerTime());
    }

    /**
     * Hands over work of a job that is no longer held.
     *
     * @param after the device behind which to begin; null for the first
     * @return the device behind which to go on; empty when none is left
     */
    Optional<String> resumeJob(FleetJob job, @Nullable String after, Budget budget, Instant now) {
        return table.visitOpen(job, after, budget, item -> {
            int handedOver = item.state().work() instanceof Work.Waiting ? dispatch(item.deviceId(), now) : 0;
            budget.spend(Budget.BEGIN * handedOver);
        });
    }

    /**
     * Ends work of a job that was cancelled or whose time is over: of a cancelled one what was not handed over.
     *
     * @param after the device behind which to begin; null for the first
     * @return the device behind which to go on; empty when none is left
     */
    Optional<String> sweep(FleetJob job, @Nullable String after, Budget budget, Instant now) {
        WorkInput end = job.getSweep() == Sweep.EXPIRE ? new WorkInput.Expire() : new WorkInput.Cancel();
        return table.visitOpen(job, after, budget, item -> {
            if (decide(item, end, now)) {
                budget.spend(Budget.EVENT);
            }
        });
    }

    /** Returns whether any work of the job was begun and has not ended. */
    boolean isAnyBegun(String jobId) {
        return table.isAnyBegun(jobId);
    }

    void deviceDeleted(String deviceId, Instant now) {
        table.begun(deviceId).forEach(item -> decide(item, new WorkInput.RemoveDevice(), now));
    }

    /** Returns the connection to hand the operation to, if the device takes such now and may have one more in flight. */
    private Optional<Link> ready(String deviceId, Optional<Operation.OnDevice> operation) {
        if (table.running(deviceId) >= IN_FLIGHT_PER_DEVICE) {
            return Optional.empty();
        }
        return operation.flatMap(known -> connections
                .live(deviceId)
                .filter(connection -> connection.getCapabilities().contains(known.needs()))
                .map(WorkRunner::link));
    }

    private static Link link(DeviceConnection connection) {
        return new Link(connection.getGateway(), connection.getGatewayRun(), connection.getEpoch());
    }

    private boolean decide(WorkTable.Item item, WorkInput input, Instant now) {
        return decide(item, terms(item), input, now);
    }

    /** Decides on one work. @return whether anything happened */
    private boolean decide(WorkTable.Item item, Terms terms, WorkInput input, Instant now) {
        WorkDecision decision = WorkDecider.decide(terms, item.state().work(), input, now);
        decision.event().ifPresent(event -> happened(item, event, now));
        for (Effect effect : decision.effects()) {
            switch (effect) {
                case Effect.Deliver deliver -> deliver(item, deliver, now);
                case Effect.AskAgain(Instant at) -> table.askAgain(item, at);
                case Effect.HandOverNext _ -> dispatch(item.deviceId(), now);
            }
        }
        return decision.event().isPresent();
    }

    private void happened(WorkTable.Item item, WorkEvent event, Instant now) {
        Optional<Object> announced = Announcement.of(item.state().work(), event);
        WorkOnDevice next = item.state().after(event, announced.isPresent(), now);
        table.put(item.with(next));
        FleetJob job = item.job();
        if (job != null) {
            announced.ifPresent(said -> deviceJobs.happened(job, item.state(), next, said, now));
            forgetSwept(job.getJobId(), next);
        } else if (item.invocation() != null && next.work() instanceof Work.Ended(Work.Outcome outcome)) {
            reply(item.deviceId(), item.invocation().getCaller(), outcome, now);
        }
    }

    /** Forgets a job that was swept, when the last of its attempts has ended. */
    private void forgetSwept(String jobId, WorkOnDevice after) {
        @Nullable FleetJob job = after.isOpen() ? null : jobs.get(jobId);
        if (job != null && job.getSwept() && !isAnyBegun(jobId)) {
            forget(jobId);
        }
    }

    /** Drops device jobs of a job. @return whether none is left */
    boolean drop(String jobId, Budget budget) {
        return table.drop(jobId, budget);
    }

    /** Forgets a job of which nothing is left to do. */
    void forget(String jobId) {
        jobs.delete(jobId);
        table.close(jobId);
    }

    /** Answers the caller of an invocation that has ended. */
    private void reply(String deviceId, @Nullable Caller caller, Work.Outcome outcome, Instant now) {
        if (caller == null) {
            return;
        }
        Object reply = switch (outcome) {
            case Work.Outcome.Completed(Work.@Nullable Reply answer) -> {
                Work.Reply given = Objects.requireNonNull(answer, "a method's device answers");
                yield new MethodResult(given.status(), given.payload());
            }
            case Work.Outcome.Failed failed -> Refusals.of(failed.reason(), failed.detail(), deviceId);
            case Work.Outcome.Cancelled _ -> Refusals.notOnline();
        };
        outbox.reply(new Requester(caller.getRequestId(), caller.getReplyTo()), reply, now);
    }

    private void deliver(WorkTable.Item item, Effect.Deliver deliver, Instant now) {
        onDevice(item).ifPresent(operation -> outbox.call(item, operation, deliver, deviceJobs.trace(item), now));
    }

    private Optional<Operation.OnDevice> onDevice(WorkTable.Item item) {
        FleetJob job = item.job();
        Invocation invocation = item.invocation();
        return job != null
                ? onDevice(job)
                : Optional.ofNullable(invocation).flatMap(known -> onDevice(Operations.of(known.getMethod())));
    }

    private Optional<Operation.OnDevice> onDevice(FleetJob job) {
        return jobs.operation(job).flatMap(WorkRunner::onDevice);
    }

    private static Optional<Operation.OnDevice> onDevice(Operation operation) {
        return operation instanceof Operation.OnDevice onDevice ? Optional.of(onDevice) : Optional.empty();
    }

    private Terms terms(WorkTable.Item item) {
        if (item.job() != null) {
            return terms(item.deviceId(), item.job());
        }
        Operation.OnDevice method = onDevice(item).orElseThrow();
        return new Terms(
                item.deviceId(),
                Terms.JobState.UNDER_WAY,
                Optional.of(method.connectTime()),
                method.answerTime(),
                List.of(),
                false);
    }

    private Terms terms(String deviceId, FleetJob job) {
        if (jobs.operation(job).orElse(null) instanceof Operation.OnDevice operation) {
            Optional<Duration> patience =
                    Optional.of(operation.connectTime()).filter(limit -> !limit.isZero() || job.getOfflineFails());
            return new Terms(
                    deviceId,
                    state(job),
                    patience,
                    operation.answerTime(),
                    job.getRetries(),
                    job.getErrorStatusFails());
        }
        return Terms.ended(deviceId, state(job));
    }

    private static Terms.JobState state(FleetJob job) {
        @Nullable Sweep sweep = job.getSweep();
        if (sweep == null) {
            return Terms.JobState.UNDER_WAY;
        }
        return sweep == Sweep.EXPIRE ? Terms.JobState.EXPIRED : Terms.JobState.CANCELLED;
    }
}
