package io.muster.planner.fleet.stream;

import io.muster.document.IdentityId;
import io.muster.planner.fleet.Methods;
import io.muster.planner.fleet.OperationRate;
import io.muster.planner.fleet.Refusals;
import io.muster.planner.fleet.TwinChange;
import io.muster.planner.fleet.TwinEdit;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.MethodCall;
import io.muster.query.Condition;
import io.muster.query.QueryException;
import io.muster.query.Source;
import io.muster.records.Device;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceMethod;
import io.muster.records.ExpandJob;
import io.muster.records.Expansion;
import io.muster.records.JobPolicy;
import io.muster.records.TwinPatch;
import io.muster.service.InvalidRecordException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Expands jobs over the partition's devices, a slice at a time so that other work goes on between slices. A device is judged once, as
 * it was when the job began here: one that is about to change before its slice comes is judged first ({@link #settle}). Where it
 * stands is kept with the job, so a restart goes on from there. A continuous job judges each device again when it has changed ({@link
 * #reconsider}). Targets of a job that is paced or held, and all where the hub limits the rate of operations, wait in the
 * order in which they were found, until they are released. For one
 * task.
 */
final class Expansions {
    private static final int SLICE = 2000;
    private static final byte[] NOTHING = {};
    private static final HexFormat HEX = HexFormat.of();

    /** A job that has not ended, with what was compiled from it once. */
    private static final class Active {
        private final Condition condition;
        private final @Nullable TwinEdit edit;
        /** Devices behind the cursor that were judged already. */
        private final Set<String> ahead = new HashSet<>();

        private FleetJob job;

        private boolean expands() {
            return !job.getExpanded();
        }

        /** Those that wait in places before may begin, as far as the job is concerned. */
        private long limit() {
            return job.getPaced() ? Math.min(job.getGranted(), job.getNextPlace()) : job.getNextPlace();
        }

        /** How many may begin at most: not all places are taken where the partition has been split since. */
        private long releasable() {
            return job.getHeld() ? 0 : limit() - job.getReleased();
        }

        private Active(FleetJob job, Condition condition, @Nullable TwinEdit edit) {
            this.job = job;
            this.condition = condition;
            this.edit = edit;
        }
    }

    private final KeyValueStore<String, FleetJob> jobs;
    private final KeyValueStore<String, byte[]> judged;
    private final KeyValueStore<String, byte[]> waiting;
    private final OperationRate rate;
    private final DeviceTable devices;
    private final MethodRunner runner;
    private final TwinWriter twins;
    private final DeviceJobTable deviceJobs;
    private final DeviceViews views;
    private final Map<String, Active> active = new LinkedHashMap<>();

    /**
     * Makes one.
     *
     * @param judged job id, NUL, device id: those that were judged before their slice
     * @param waiting job id, NUL, place: the device ids of targets that wait for their release
     */
    Expansions(
            KeyValueStore<String, FleetJob> jobs,
            KeyValueStore<String, byte[]> judged,
            KeyValueStore<String, byte[]> waiting,
            OperationRate rate,
            DevicePartition partition) {
        this.rate = rate;
        this.jobs = jobs;
        this.judged = judged;
        this.waiting = waiting;
        this.devices = partition.devices();
        this.runner = partition.runner();
        this.twins = partition.twins();
        this.deviceJobs = partition.deviceJobs();
        this.views = partition.views();
        try (KeyValueIterator<String, FleetJob> all = jobs.all()) {
            while (all.hasNext()) {
                FleetJob job = all.next().value;
                active.put(job.getJobId(), recompile(job));
            }
        }
        for (Active job : active.values()) {
            judgedOf(job).forEach(key -> job.ahead.add(key.substring(key.indexOf('\0') + 1)));
        }
    }

    /** @throws InvalidRecordException when the job's condition or patch is none; the coordinator lets no such job start */
    void begin(Expansion expansion, ExpandJob request, Instant now) throws InvalidRecordException {
        FleetJob job = fleetJob(expansion, request);
        Active begun = compile(job);
        jobs.put(job.getJobId(), job);
        active.put(job.getJobId(), begun);
        slice(begun, now);
    }

    /** Goes on with each job under way. @return whether there was one */
    boolean goOn(Instant now) {
        boolean any = false;
        for (Active job : active.values()) {
            if (job.expands()) {
                slice(job, now);
                any = true;
            }
        }
        for (Active job : byPriority()) {
            any |= release(job, now);
        }
        return any;
    }

    /** Where the rate of operations is limited, jobs of higher priority use it first, older ones before newer. */
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

    /** So many of the job's targets may begin, in all. */
    void release(String jobId, long upTo, Instant now) {
        @Nullable Active job = active.get(jobId);
        if (job != null && upTo > job.job.getGranted()) {
            keep(job, FleetJob.newBuilder(job.job).setGranted(upTo));
            release(job, now);
        }
    }

    /** Nothing more of the job is handed to devices; what is found from now on waits. */
    void hold(String jobId) {
        @Nullable Active job = active.get(jobId);
        if (job != null) {
            keep(job, FleetJob.newBuilder(job.job).setHeld(true));
        }
    }

    /** Where the policy does not pace the job, all that has waited may begin. */
    void resume(String jobId, Instant now) {
        @Nullable Active job = active.get(jobId);
        if (job != null) {
            keep(job, FleetJob.newBuilder(job.job).setHeld(false));
            runner.resumeJob(jobId, now);
            release(job, now);
        }
    }

    /** Has every job under way judge the device as it stands: it is about to change. */
    void settle(String deviceId, Instant now) {
        settle(deviceId, null, now);
    }

    /** @return whether any had not judged it */
    private boolean settle(String deviceId, @Nullable Active except, Instant now) {
        boolean any = false;
        if (active.isEmpty() || (active.size() == 1 && except != null)) {
            return any;
        }
        for (Active job : active.values()) {
            if (job != except && concerns(job, deviceId) && !isBehind(job, deviceId) && job.ahead.add(deviceId)) {
                any = true;
                judged.put(job.job.getJobId() + '\0' + deviceId, NOTHING);
                @Nullable Device device = devices.get(deviceId);
                if (device != null && take(job, device, now)) {
                    keep(job, FleetJob.newBuilder(job.job).setDeviceCount(job.job.getDeviceCount() + 1));
                }
            }
        }
        return any;
    }

    /** Has continuous jobs judge a device that has just changed. */
    void reconsider(String deviceId, Instant now) {
        for (Active job : active.values()) {
            if (job.job.getContinuous() && concerns(job, deviceId) && isBehind(job, deviceId)) {
                @Nullable Device device = devices.get(deviceId);
                if (device != null && !deviceJobs.contains(job.job.getJobId(), deviceId) && take(job, device, now)) {
                    keep(job, FleetJob.newBuilder(job.job).setDeviceCount(job.job.getDeviceCount() + 1));
                }
            }
        }
    }

    /** Whether the expansion will not come to the device any more. */
    private static boolean isBehind(Active job, String deviceId) {
        String cursor = job.job.getCursor();
        return !job.expands() || job.ahead.contains(deviceId) || (cursor != null && deviceId.compareTo(cursor) <= 0);
    }

    private static boolean concerns(Active job, String deviceId) {
        return (job.condition.source() == Source.MODULES) == IdentityId.isModule(deviceId);
    }

    private void keep(Active job, FleetJob.Builder changed) {
        job.job = changed.build();
        jobs.put(job.job.getJobId(), job.job);
    }

    private List<String> judgedOf(Active job) {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> found =
                judged.prefixScan(job.job.getJobId() + '\0', new StringSerializer())) {
            found.forEachRemaining(entry -> keys.add(entry.key));
        }
        return keys;
    }

    /** The job has ended: forgets it. */
    void forget(String jobId) {
        active.remove(jobId);
        jobs.delete(jobId);
    }

    /**
     * Stops: the targets found so far are all there are, and those that wait for their release end.
     *
     * @param end the event that ends those
     */
    void stop(String jobId, Object end, Instant now) {
        @Nullable Active stopped = active.get(jobId);
        if (stopped != null) {
            for (KeyValue<String, byte[]> entry : waitingOf(jobId, stopped.job.getNextPlace(), Integer.MAX_VALUE)) {
                waiting.delete(entry.key);
                deviceJobs.happened(stopped.job, text(entry.value), DeviceJobStatus.QUEUED, end, now);
            }
            if (stopped.expands() || stopped.job.getContinuous()) {
                complete(stopped, now);
            }
        }
        forget(jobId);
    }

    /** Lets some of the targets begin that may. @return whether there was one */
    private boolean release(Active job, Instant now) {
        int most = (int) Math.min(SLICE, job.releasable());
        int allowed = most <= 0 ? 0 : rate.take(most, now);
        if (allowed == 0) {
            return false;
        }
        long limit = job.limit();
        List<KeyValue<String, byte[]>> next = waitingOf(job.job.getJobId(), limit, allowed);
        long until = next.size() < allowed ? limit : place(next.getLast().key) + 1;
        keep(job, FleetJob.newBuilder(job.job).setReleased(until));
        for (KeyValue<String, byte[]> entry : next) {
            String deviceId = text(entry.value);
            waiting.delete(entry.key);
            @Nullable Device device = devices.get(deviceId);
            if (device == null) {
                DeviceJobFailed gone = new DeviceJobFailed(
                        "DeviceNotFound", Refusals.notFound(deviceId).getMessage());
                deviceJobs.happened(job.job, deviceId, DeviceJobStatus.QUEUED, gone, now);
            } else {
                run(job, device, DeviceJobStatus.QUEUED, now);
            }
        }
        return true;
    }

    /** In the order of their places, those before that place. */
    private List<KeyValue<String, byte[]>> waitingOf(String jobId, long before, int most) {
        if (before <= 0) {
            return List.of();
        }
        List<KeyValue<String, byte[]>> found = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> all = waiting.range(key(jobId, 0), key(jobId, before - 1))) {
            while (all.hasNext() && found.size() < most) {
                found.add(all.next());
            }
        }
        return found;
    }

    private static String key(String jobId, long place) {
        return jobId + '\0' + HEX.toHexDigits(place);
    }

    private static long place(String key) {
        return HexFormat.fromHexDigitsToLong(key, key.indexOf('\0') + 1, key.length());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void slice(Active running, Instant now) {
        int[] seen = {0};
        String[] cursor = {running.job.getCursor()};
        long[] targets = {running.job.getDeviceCount()};
        boolean finished = !devices.candidates(running.condition, cursor[0], device -> {
            if (!running.ahead.contains(device.getDeviceId()) && take(running, device, now)) {
                targets[0]++;
            }
            cursor[0] = device.getDeviceId();
            return ++seen[0] < SLICE;
        });
        keep(
                running,
                FleetJob.newBuilder(running.job)
                        .setCursor(cursor[0])
                        .setDeviceCount(targets[0])
                        .setExpanded(finished));
        if (finished) {
            complete(running, now);
        }
    }

    private void complete(Active expanded, Instant now) {
        if (!expanded.ahead.isEmpty()) {
            judgedOf(expanded).forEach(judged::delete);
            expanded.ahead.clear();
        }
        deviceJobs.expanded(expanded.job, now);
    }

    /** Runs the operation if the device is a target, or has it wait for its release. */
    private boolean take(Active running, Device device, Instant now) {
        if (!running.condition.matches(views.row(device, now))) {
            return false;
        }
        if (running.job.getPaced() || running.job.getHeld() || rate.isLimited()) {
            String deviceId = device.getDeviceId();
            long place = running.job.getNextPlace();
            running.job =
                    FleetJob.newBuilder(running.job).setNextPlace(place + 1).build();
            waiting.put(key(running.job.getJobId(), place), deviceId.getBytes(StandardCharsets.UTF_8));
            deviceJobs.happened(running.job, deviceId, null, new DeviceJobQueued(null, null, null), now);
        } else {
            run(running, device, null, now);
        }
        return true;
    }

    /** @param previous the state that the device job leaves; null when this is its first */
    private void run(Active running, Device device, @Nullable DeviceJobStatus previous, Instant now) {
        MethodCall call = running.job.getMethod();
        if (call != null) {
            runner.runJob(running.job, call, device.getDeviceId(), previous, now);
        } else if (running.edit != null) {
            boolean changed = settle(device.getDeviceId(), running, now);
            @Nullable Device current = changed ? devices.get(device.getDeviceId()) : device;
            apply(running.job, running.edit, current == null ? device : current, previous, now);
        }
    }

    private void apply(FleetJob job, TwinEdit edit, Device device, @Nullable DeviceJobStatus previous, Instant now) {
        Object event = switch (twins.write(device, edit.applyTo(device.getTwin(), now), now)) {
            case TwinChange.Changed _, TwinChange.Unchanged _ -> new DeviceJobCompleted(null, null);
            case TwinChange.Refused refused ->
                new DeviceJobFailed(
                        TwinWriter.code(refused.refusal()), refused.refusal().getMessage());
        };
        deviceJobs.happened(job, device.getDeviceId(), previous, event, now);
    }

    private static Active recompile(FleetJob job) {
        try {
            return compile(job);
        } catch (InvalidRecordException e) {
            throw new IllegalStateException("a job under way makes no sense any more, jobId=" + job.getJobId(), e);
        }
    }

    private static Active compile(FleetJob job) throws InvalidRecordException {
        try {
            return new Active(job, Condition.parse(job.getQueryCondition()), edit(job));
        } catch (QueryException e) {
            throw new InvalidRecordException("the job's condition does not parse: " + e.getMessage());
        }
    }

    private static @Nullable TwinEdit edit(FleetJob job) throws InvalidRecordException {
        io.muster.planner.state.TwinEdit edit = job.getTwin();
        if (edit == null) {
            return null;
        }
        return switch (TwinEdit.parse(TwinEdit.Mode.PATCH, edit.getIfMatch(), edit.getTags(), edit.getDesired())) {
            case TwinEdit.Parsed.Valid valid -> valid.edit();
            case TwinEdit.Parsed.Invalid invalid ->
                throw new InvalidRecordException(
                        "the job's patch is refused: " + invalid.refusal().getMessage());
        };
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
                    .setRetries(policy.getRetries().stream().map(Methods::retry).toList());
        }
        return switch (request.getDefinition().getOperation()) {
            case DeviceMethod method -> job.setMethod(Methods.call(method)).build();
            case TwinPatch patch ->
                job.setTwin(new io.muster.planner.state.TwinEdit(
                                patch.getIfMatch(), patch.getTags(), patch.getDesired()))
                        .build();
            case Object unknown -> throw new IllegalStateException("not an operation, class=" + unknown.getClass());
        };
    }
}
