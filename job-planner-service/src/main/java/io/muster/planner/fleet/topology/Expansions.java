package io.muster.planner.fleet.topology;

import io.muster.document.IdentityId;
import io.muster.planner.fleet.OperationRate;
import io.muster.planner.fleet.Refusals;
import io.muster.planner.fleet.TwinChange;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.Retry;
import io.muster.planner.state.Sweep;
import io.muster.planner.work.Operation;
import io.muster.planner.work.Operations;
import io.muster.planner.work.Work;
import io.muster.query.device.Condition;
import io.muster.query.device.Source;
import io.muster.query.kernel.QueryException;
import io.muster.records.Device;
import io.muster.records.ExpandJob;
import io.muster.records.Expansion;
import io.muster.records.JobPolicy;
import io.muster.records.RetryRule;
import io.muster.service.InvalidRecordException;
import io.muster.service.LogText;
import io.muster.service.RecordFailure;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Expands jobs over the partition's devices, in turns between polls. A job evaluates each device once, as it was when the job began here:
 * one that is about to change before the expansion comes to it is evaluated first ({@link #settle}). A device counts as evaluated from
 * the moment before its operation begins, since the operation may have other jobs evaluate, and change, the same device. The
 * position is kept with the job, so a restart goes on from there. A continuous job evaluates each device again when it has changed
 * ({@link #reconsider}). Targets of a job that is paced or held, and all where the hub limits the rate of operations, wait in the
 * order in which they were found, until they are released. Rows of a job that has ended are swept ({@link Sweeps}). For one task.
 */
final class Expansions {
    private static final Logger LOG = LoggerFactory.getLogger(Expansions.class);

    /** Holds a job that has not ended, with its compiled parts. */
    private static final class Active {
        private final Condition condition;
        private final Operation operation;
        /** Holds devices that were evaluated before the expansion came to them. */
        private final Set<String> ahead = new HashSet<>();

        private FleetJob job;
        /** Holds the cursor; newer than the one in the job's record. */
        private @Nullable String cursor;

        private long targets;
        private long nextPlace;
        /** Hands over what waited while the job was held; an earlier one has stopped. */
        private @Nullable Chore resumption;

        private boolean expands() {
            return !job.getExpanded();
        }

        /** Returns the place up to which targets that wait may begin, as far as the job is concerned. */
        private long limit() {
            return job.getPaced() ? Math.min(job.getGranted(), nextPlace) : nextPlace;
        }

        /** Returns how many may begin at most: not all places are taken where the partition has been split since. */
        private long releasable() {
            return job.getHeld() ? 0 : limit() - job.getReleased();
        }

        private Active(FleetJob job, Condition condition, Operation operation) {
            this.job = job;
            this.condition = condition;
            this.operation = operation;
            this.cursor = job.getCursor();
            this.targets = job.getDeviceCount();
            this.nextPlace = job.getNextPlace();
        }
    }

    private final FleetJobs jobs;
    private final EvaluatedAhead evaluated;
    private final WaitingTargets waiting;
    private final Sweeps sweeps;
    private final OperationRate rate;
    private final DeviceTable devices;
    private final WorkRunner runner;
    private final TwinWriter twins;
    private final DeviceJobTable deviceJobs;
    private final DeviceViews views;
    private final Chores chores;
    private final Map<String, Active> active = new LinkedHashMap<>();
    /** Holds devices that twin jobs have changed, and that continuous jobs have not evaluated since. */
    private final Deque<String> rewritten = new ArrayDeque<>();

    /** Counts the cost of evaluating devices and of beginning their device jobs, in units of a budget. */
    private long work;

    private boolean releasing;

    /**
     * Makes one.
     *
     * @param evaluated job id, NUL, device id: those that were evaluated before the expansion came to them
     * @param waiting job id, NUL, place: the device ids of targets that wait for their release
     */
    Expansions(
            FleetJobs jobs,
            KeyValueStore<String, byte[]> evaluated,
            KeyValueStore<String, byte[]> waiting,
            OperationRate rate,
            DevicePartition partition) {
        this.rate = rate;
        this.jobs = jobs;
        this.evaluated = new EvaluatedAhead(evaluated);
        this.devices = partition.devices();
        this.runner = partition.runner();
        this.twins = partition.twins();
        this.deviceJobs = partition.deviceJobs();
        this.views = partition.views();
        this.chores = partition.chores();
        this.waiting = new WaitingTargets(waiting, deviceJobs, devices);
        this.sweeps = new Sweeps(jobs, this.evaluated, this.waiting, runner, deviceJobs);
        for (FleetJob job : jobs.all()) {
            if (job.getSweep() == null) {
                goOnWith(job);
            } else if (!job.getSwept()) {
                chores.add(sweeps.of(job, job.getSweep()));
            } else if (!runner.isAnyBegun(job.getJobId())) {
                // Its last attempts were those of devices that are another partition's now.
                runner.forget(job.getJobId());
            }
        }
    }

    /** Goes on with a job that was under way. One that an earlier version let start, and this one would not, is stopped with the first tick. */
    private void goOnWith(FleetJob job) {
        try {
            goOnWith(compile(job));
        } catch (InvalidRecordException e) {
            LOG.error(
                    "A job under way makes no sense to this version and is stopped: work that was not handed to a"
                            + " device is cancelled, jobId={} reason={}",
                    LogText.of(job.getJobId()),
                    LogText.of(String.valueOf(e.getMessage())));
            chores.add(sweeps.of(job, Sweep.CANCEL));
        }
    }

    private void goOnWith(Active job) {
        active.put(job.job.getJobId(), job);
        if (job.expands()) {
            job.ahead.addAll(evaluated.of(job.job.getJobId()));
            chores.add(expansion(job));
        } else {
            chores.add(forgetEvaluated(job));
        }
        if (job.job.getResuming()) {
            chores.add(resumption(job));
        }
        releaseSome();
    }

    /**
     * Begins to expand a job; where an earlier job of its id is still swept, the expansion drops that job's work first.
     *
     * @throws InvalidRecordException when the job's condition or patch is none; the coordinator lets no such job start
     */
    void begin(Expansion expansion, ExpandJob request, Instant now) throws InvalidRecordException {
        FleetJob asked = fleetJob(expansion, request);
        FleetJob job = FleetJob.newBuilder(asked)
                .setDropsFirst(sweeps.isUnderWay(asked.getJobId()))
                .build();
        Active begun = compile(job);
        sweeps.abandon(job.getJobId());
        jobs.put(job);
        active.put(job.getJobId(), begun);
        chores.begin(expansion(begun), now);
    }

    private Chore expansion(Active job) {
        return new Chore() {
            @Override
            public boolean goOn(Budget budget, Instant now) {
                if (isActive(job) && job.job.getDropsFirst() && sweeps.dropAll(job.job.getJobId(), budget)) {
                    keep(job, FleetJob.newBuilder(job.job).setDropsFirst(false));
                }
                if (isActive(job) && job.expands() && !job.job.getDropsFirst()) {
                    slice(job, budget, now);
                }
                return !isActive(job) || !job.expands();
            }

            @Override
            public void failed(Instant now) {
                stop(job, Sweep.CANCEL, now);
            }

            @Override
            public String toString() {
                return "expansion of " + LogText.of(job.job.getJobId());
            }
        };
    }

    private boolean isActive(Active job) {
        return active.get(job.job.getJobId()) == job;
    }

    /** Releases what may begin, between polls; one chore does so for all jobs. */
    private void releaseSome() {
        if (!releasing) {
            releasing = true;
            chores.add((budget, now) -> {
                List<Active> jobs = byPriority();
                for (Active job : jobs) {
                    releaseOrStop(job, budget, now);
                }
                releasing = !jobs.isEmpty();
                return !releasing;
            });
        }
    }

    /** Releases targets of a job, and stops a job whose targets can't be released: it would fail at each tick, and hold up the others. */
    private void releaseOrStop(Active job, Budget budget, Instant now) {
        try {
            release(job, budget, now);
        } catch (RuntimeException e) {
            if (!RecordFailure.isOfRecord(e)) {
                throw e;
            }
            LOG.error("Targets can't be released and the job is stopped, jobId={}", LogText.of(job.job.getJobId()), e);
            stop(job, Sweep.CANCEL, now);
        }
    }

    /** Returns jobs of higher priority first, older ones before newer: the order in which they use the rate of operations. */
    private List<Active> byPriority() {
        List<Active> releasing = new ArrayList<>();
        for (Active job : active.values()) {
            if (job.releasable() > 0) {
                releasing.add(job);
            }
        }
        releasing.sort(Comparator.comparingInt(job -> -job.job.getPriority()));
        return releasing;
    }

    /** Lets targets of the job begin, so many in all. */
    void release(String jobId, long upTo, Instant now) {
        @Nullable Active job = active.get(jobId);
        if (job != null && upTo > job.job.getGranted()) {
            keep(job, FleetJob.newBuilder(job.job).setGranted(upTo));
            release(job, new Budget(Budget.TICK), now);
            releaseSome();
        }
    }

    /** Hands nothing more of the job to devices; targets that are found from now on wait. */
    void hold(String jobId) {
        @Nullable Active job = active.get(jobId);
        if (job != null) {
            job.resumption = null;
            keep(job, FleetJob.newBuilder(job.job).setHeld(true).setResuming(false));
        }
    }

    /** Lets all targets that have waited begin, where the policy does not pace the job. */
    void resume(String jobId, Instant now) {
        @Nullable Active job = active.get(jobId);
        if (job != null) {
            keep(job, FleetJob.newBuilder(job.job).setHeld(false).setResuming(true));
            chores.begin(resumption(job), now);
            release(job, new Budget(Budget.TICK / 2), now);
            releaseSome();
        }
    }

    /** Hands over methods of the job that wait for nothing but its resumption. */
    private Chore resumption(Active job) {
        Chore resumption = new Chore() {
            private @Nullable String cursor;

            @Override
            public boolean goOn(Budget budget, Instant now) {
                if (!isActive(job) || job.resumption != this) {
                    return true;
                }
                cursor = runner.resumeJob(job.job, cursor, budget, now).orElse(null);
                if (cursor == null) {
                    job.resumption = null;
                    keep(job, FleetJob.newBuilder(job.job).setResuming(false));
                }
                return cursor == null;
            }
        };
        job.resumption = resumption;
        return resumption;
    }

    /** Has every job under way evaluate the device as it stands: it is about to change. */
    void settle(String deviceId, Instant now) {
        settle(deviceId, null, now);
        evaluateRewritten(now);
    }

    /** Evaluates a device for the other jobs under way. @return whether any had not evaluated it */
    private boolean settle(String deviceId, @Nullable Active except, Instant now) {
        boolean any = false;
        if (active.isEmpty() || (active.size() == 1 && except != null)) {
            return any;
        }
        for (Active job : active.values()) {
            if (job != except && concerns(job, deviceId) && !isBehind(job, deviceId) && job.ahead.add(deviceId)) {
                any = true;
                work += Budget.DELETE;
                evaluated.add(job.job.getJobId(), deviceId);
                @Nullable Device device = visited(deviceId);
                if (device != null && take(job, device, now)) {
                    keep(job, FleetJob.newBuilder(job.job));
                }
            }
        }
        return any;
    }

    private @Nullable Device visited(String deviceId) {
        @Nullable Device device = devices.get(deviceId);
        work += Budget.visit(device == null ? 0 : DeviceViews.roughSize(device));
        return device;
    }

    /** Has continuous jobs evaluate a device that has just changed. */
    void reconsider(String deviceId, Instant now) {
        rewritten.add(deviceId);
        evaluateRewritten(now);
    }

    /** Has continuous jobs evaluate what has changed; their own changes come behind. */
    private void evaluateRewritten(Instant now) {
        while (!rewritten.isEmpty()) {
            String deviceId = rewritten.remove();
            for (Active job : active.values()) {
                if (job.job.getContinuous() && concerns(job, deviceId) && isBehind(job, deviceId)) {
                    @Nullable Device device = visited(deviceId);
                    if (device != null
                            && !deviceJobs.contains(job.job.getJobId(), deviceId)
                            && take(job, device, now)) {
                        keep(job, FleetJob.newBuilder(job.job));
                    }
                }
            }
        }
    }

    /** Returns whether the expansion has passed the device, or is at it. */
    private static boolean isBehind(Active job, String deviceId) {
        return !job.expands()
                || job.ahead.contains(deviceId)
                || (job.cursor != null && deviceId.compareTo(job.cursor) <= 0);
    }

    private static boolean concerns(Active job, String deviceId) {
        return !job.job.getDropsFirst() && (job.condition.source() == Source.MODULES) == IdentityId.isModule(deviceId);
    }

    private void keep(Active job, FleetJob.Builder changed) {
        job.job = kept(job, changed);
    }

    private FleetJob kept(Active job, FleetJob.Builder changed) {
        FleetJob kept = changed.setCursor(job.cursor)
                .setDeviceCount(job.targets)
                .setNextPlace(job.nextPlace)
                .build();
        jobs.put(kept);
        return kept;
    }

    /** Forgets a job that has ended, as each of its device jobs has, and the devices that it had evaluated ahead. */
    void forget(String jobId, Instant now) {
        @Nullable Active ended = active.remove(jobId);
        if (ended != null) {
            FleetJob left = kept(ended, FleetJob.newBuilder(ended.job).setSweep(Sweep.CANCEL));
            chores.begin(sweeps.of(left, Sweep.CANCEL), now);
        }
    }

    /** Cancels the job: the targets found so far are all there are, and none is handed to its device any more. */
    void cancel(String jobId, Instant now) {
        stop(active.get(jobId), Sweep.CANCEL, now);
    }

    /** Ends the job whose time is over: the targets found so far are all there are, and those that have not ended fail. */
    void expire(String jobId, Instant now) {
        stop(active.get(jobId), Sweep.EXPIRE, now);
    }

    private void stop(@Nullable Active stopped, Sweep sweep, Instant now) {
        if (stopped != null && active.remove(stopped.job.getJobId(), stopped)) {
            chores.begin(sweeps.of(kept(stopped, FleetJob.newBuilder(stopped.job)), sweep), now);
        }
    }

    /** Drops the device jobs of a job whose history is over. */
    void drop(String jobId, Instant now) {
        chores.begin(sweeps.drop(jobId, now), now);
    }

    /** Deletes the list of devices that were evaluated ahead of a job's expansion, which has come to its end. */
    private Chore forgetEvaluated(Active job) {
        return (budget, _) -> !isActive(job) || evaluated.drop(job.job.getJobId(), budget);
    }

    /** Lets some of the targets begin that may. */
    private void release(Active job, Budget budget, Instant now) {
        int most = (int) Math.min(budget.affords(Budget.BEGIN), job.releasable());
        int allowed = most <= 0 ? 0 : rate.allows(most, now);
        if (allowed == 0) {
            return;
        }
        long limit = job.limit();
        List<WaitingTargets.Target> next = waiting.before(job.job, limit, allowed);
        long until = next.size() < allowed ? limit : next.getLast().place() + 1;
        int released = 0;
        for (WaitingTargets.Target target : next) {
            if (budget.isSpent()) {
                until = target.place();
                break;
            }
            long before = work;
            release(job, target, now);
            budget.spend(Math.toIntExact(Budget.BEGIN + work - before));
            released++;
        }
        budget.spend(Budget.VISIT);
        rate.take(released, now);
        keep(job, FleetJob.newBuilder(job.job).setReleased(until));
    }

    private void release(Active job, WaitingTargets.Target target, Instant now) {
        String deviceId = target.deviceId();
        waiting.remove(target);
        @Nullable Device device = devices.get(deviceId);
        if (device == null) {
            runner.removeTarget(job.job, deviceId, now);
        } else {
            run(job, device, now);
            evaluateRewritten(now);
        }
    }

    private void slice(Active running, Budget budget, Instant now) {
        Optional<String> goOnBehind = devices.candidates(running.condition, running.cursor, budget, device -> {
            long before = work;
            running.cursor = device.getDeviceId();
            if (!running.ahead.contains(device.getDeviceId())) {
                take(running, device, now);
                evaluateRewritten(now);
            }
            budget.spend(Math.toIntExact(work - before));
            return true;
        });
        goOnBehind.ifPresent(passed -> running.cursor = passed);
        boolean finished = goOnBehind.isEmpty();
        keep(running, FleetJob.newBuilder(running.job).setExpanded(finished));
        if (finished) {
            if (!running.ahead.isEmpty()) {
                running.ahead.clear();
                chores.add(forgetEvaluated(running));
            }
            deviceJobs.expanded(running.job, now);
        }
    }

    /** Runs the operation if the device is a target, or has it wait for its release. */
    private boolean take(Active running, Device device, Instant now) {
        if (!evaluate(running, device)) {
            return false;
        }
        running.targets++;
        work += Budget.BEGIN;
        if (running.job.getPaced() || running.job.getHeld() || rate.isLimited()) {
            String deviceId = device.getDeviceId();
            waiting.add(running.job.getJobId(), running.nextPlace++, deviceId);
            runner.enlist(running.job, deviceId, now);
            releaseSome();
        } else {
            run(running, device, now);
        }
        return true;
    }

    /**
     * Evaluates the condition of a job on a device, and counts the work. A device whose document can't be evaluated is no target, and does not end the
     * job on the others.
     *
     * @return whether the device is a target
     */
    private boolean evaluate(Active job, Device device) {
        work += Budget.evaluation(job.job.getQueryCondition());
        @Nullable String failedIn = job.job.getFailedIn();
        try {
            return (failedIn == null || deviceJobs.hasFailed(failedIn, device.getDeviceId()))
                    && job.condition.matches(views.row(device));
        } catch (RuntimeException e) {
            if (!RecordFailure.isOfRecord(e)) {
                throw e;
            }
            LOG.error(
                    "The document of a device makes no sense, and the device is no target, deviceId={} jobId={}",
                    LogText.of(device.getDeviceId()),
                    LogText.of(job.job.getJobId()),
                    e);
            return false;
        }
    }

    private void run(Active running, Device device, Instant now) {
        switch (running.operation) {
            case Operation.OnDevice _ -> runner.begin(running.job, device.getDeviceId(), now);
            case Operation.OnTwin onTwin -> {
                boolean changed = settle(device.getDeviceId(), running, now);
                @Nullable Device current = changed ? devices.get(device.getDeviceId()) : device;
                apply(running.job, onTwin, current == null ? device : current, now);
                rewritten.add(device.getDeviceId());
            }
        }
    }

    private void apply(FleetJob job, Operation.OnTwin operation, Device device, Instant now) {
        work += Budget.rewrite(DeviceViews.roughSize(device));
        Optional<Work.Outcome.Failed> failure = switch (twins.write(device, changed(operation, device, now), now)) {
            case TwinChange.Changed _, TwinChange.Unchanged _ -> Optional.empty();
            case TwinChange.Refused refused -> Optional.of(Operation.OnTwin.failure(refused.refusal()));
        };
        runner.applied(job, device.getDeviceId(), failure, now);
    }

    /** Changes a twin; one that makes no sense stays as it is. */
    private static TwinChange changed(Operation.OnTwin operation, Device device, Instant now) {
        try {
            return operation.applyTo(device, now);
        } catch (RuntimeException e) {
            if (!RecordFailure.isOfRecord(e)) {
                throw e;
            }
            LOG.error("The twin of a device makes no sense, deviceId={}", LogText.of(device.getDeviceId()), e);
            return new TwinChange.Refused(Refusals.unusableTwin());
        }
    }

    private static Active compile(FleetJob job) throws InvalidRecordException {
        try {
            Object operation = Objects.requireNonNull(job.getOperation(), "a job has an operation");
            return new Active(job, Condition.parse(job.getQueryCondition()), Operations.of(operation));
        } catch (QueryException e) {
            throw new InvalidRecordException("the job's condition does not parse: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new InvalidRecordException(String.valueOf(e.getMessage()));
        }
    }

    private static FleetJob fleetJob(Expansion expansion, ExpandJob request) {
        FleetJob.Builder job = FleetJob.newBuilder()
                .setJobId(expansion.getJobId())
                .setJobNumber(request.getJobNumber())
                .setQueryCondition(request.getDefinition().getQueryCondition())
                .setDeadline(request.getDeadline())
                .setPartition(expansion.getPartition())
                .setPartitions(expansion.getPartitions());
        JobPolicy policy = request.getDefinition().getPolicy();
        if (policy != null) {
            job.setPaced(policy.getRollout() != null || policy.getBatches() != null)
                    .setContinuous(policy.getContinuous())
                    .setPriority(policy.getPriority())
                    .setErrorStatusFails(policy.getErrorStatusFails())
                    .setOfflineFails(policy.getOfflineFails())
                    .setFailedIn(policy.getFailedIn())
                    .setRetries(
                            policy.getRetries().stream().map(Expansions::retry).toList());
        }
        return job.setOperation(Operations.keep(request.getDefinition().getOperation()))
                .build();
    }

    private static Retry retry(RetryRule rule) {
        return new Retry(
                rule.getKind().name(),
                rule.getTimes(),
                rule.getBackoffSeconds(),
                rule.getLongestBackoffSeconds(),
                rule.getJitter());
    }
}
