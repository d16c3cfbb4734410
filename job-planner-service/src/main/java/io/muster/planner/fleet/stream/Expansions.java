package io.muster.planner.fleet.stream;

import io.muster.document.IdentityId;
import io.muster.planner.fleet.Methods;
import io.muster.planner.fleet.TwinChange;
import io.muster.planner.fleet.TwinEdit;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.MethodCall;
import io.muster.planner.stream.InvalidRecordException;
import io.muster.query.Condition;
import io.muster.query.QueryException;
import io.muster.query.Source;
import io.muster.records.Device;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceMethod;
import io.muster.records.ExpandJob;
import io.muster.records.Expansion;
import io.muster.records.TwinPatch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Expands jobs over the partition's devices, a slice at a time so that other work goes on between slices. A device is judged once, as
 * it was when the job began here: one that is about to change before its slice comes is judged first ({@link #settle}). Where it
 * stands is kept with the job, so a restart goes on from there. For one task.
 */
final class Expansions {
    private static final int SLICE = 2000;
    private static final byte[] NOTHING = {};

    /** A job under way, with what was compiled from it once. */
    private static final class Active {
        private final Condition condition;
        private final @Nullable TwinEdit edit;
        /** Devices behind the cursor that were judged already. */
        private final Set<String> ahead = new HashSet<>();

        private FleetJob job;

        private Active(FleetJob job, Condition condition, @Nullable TwinEdit edit) {
            this.job = job;
            this.condition = condition;
            this.edit = edit;
        }
    }

    private final KeyValueStore<String, FleetJob> jobs;
    private final KeyValueStore<String, byte[]> judged;
    private final DeviceTable devices;
    private final MethodRunner runner;
    private final TwinWriter twins;
    private final DeviceJobTable deviceJobs;
    private final DeviceViews views;
    private final Map<String, Active> active = new LinkedHashMap<>();

    /** @param judged job id, NUL, device id: those that were judged before their slice */
    Expansions(KeyValueStore<String, FleetJob> jobs, KeyValueStore<String, byte[]> judged, DevicePartition partition) {
        this.jobs = jobs;
        this.judged = judged;
        this.devices = partition.devices();
        this.runner = partition.runner();
        this.twins = partition.twins();
        this.deviceJobs = partition.deviceJobs();
        this.views = partition.views();
        try (KeyValueIterator<String, FleetJob> all = jobs.all()) {
            while (all.hasNext()) {
                FleetJob job = all.next().value;
                if (!job.getExpanded()) {
                    active.put(job.getJobId(), recompile(job));
                }
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
        boolean any = !active.isEmpty();
        for (Active job : new ArrayList<>(active.values())) {
            slice(job, now);
        }
        return any;
    }

    /** Has every job under way judge the device as it stands: it is about to change. */
    void settle(String deviceId, Instant now) {
        settle(deviceId, null, now);
    }

    private void settle(String deviceId, @Nullable Active except, Instant now) {
        if (active.isEmpty() || (active.size() == 1 && except != null)) {
            return;
        }
        for (Active job : new ArrayList<>(active.values())) {
            String cursor = job.job.getCursor();
            boolean passed = cursor != null && deviceId.compareTo(cursor) <= 0;
            boolean concerned = (job.condition.source() == Source.MODULES) == IdentityId.isModule(deviceId);
            if (job != except && concerned && !passed && job.ahead.add(deviceId)) {
                judged.put(job.job.getJobId() + '\0' + deviceId, NOTHING);
                @Nullable Device device = devices.get(deviceId);
                if (device != null && take(job, device, now)) {
                    job.job = FleetJob.newBuilder(job.job)
                            .setDeviceCount(job.job.getDeviceCount() + 1)
                            .build();
                    jobs.put(job.job.getJobId(), job.job);
                }
            }
        }
    }

    private List<String> judgedOf(Active job) {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> found =
                judged.prefixScan(job.job.getJobId() + '\0', new StringSerializer())) {
            found.forEachRemaining(entry -> keys.add(entry.key));
        }
        return keys;
    }

    /** Stops listing targets: those found so far are all there are. */
    void stop(String jobId, Instant now) {
        @Nullable Active stopped = active.remove(jobId);
        if (stopped != null) {
            complete(stopped, now);
        }
        jobs.delete(jobId);
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
        running.job = FleetJob.newBuilder(running.job)
                .setCursor(cursor[0])
                .setDeviceCount(targets[0])
                .setExpanded(finished)
                .build();
        jobs.put(running.job.getJobId(), running.job);
        if (finished) {
            active.remove(running.job.getJobId());
            complete(running, now);
        }
    }

    private void complete(Active expanded, Instant now) {
        FleetJob job = expanded.job;
        if (!expanded.ahead.isEmpty()) {
            judgedOf(expanded).forEach(judged::delete);
        }
        deviceJobs.expanded(job.getJobId(), job.getPartition(), job.getPartitions(), job.getDeviceCount(), now);
    }

    /** Runs the operation if the device is a target. */
    private boolean take(Active running, Device device, Instant now) {
        if (!running.condition.matches(views.row(device, now))) {
            return false;
        }
        MethodCall call = running.job.getMethod();
        if (call != null) {
            runner.runJob(running.job, call, device.getDeviceId(), now);
        } else if (running.edit != null) {
            settle(device.getDeviceId(), running, now);
            @Nullable Device current = active.size() > 1 ? devices.get(device.getDeviceId()) : device;
            apply(running.job.getJobId(), running.edit, current == null ? device : current, now);
        }
        return true;
    }

    private void apply(String jobId, TwinEdit edit, Device device, Instant now) {
        Object event = switch (twins.write(device, edit.applyTo(device.getTwin(), now), now)) {
            case TwinChange.Changed _, TwinChange.Unchanged _ -> new DeviceJobCompleted(null, null);
            case TwinChange.Refused refused ->
                new DeviceJobFailed(
                        TwinWriter.code(refused.refusal()), refused.refusal().getMessage());
        };
        deviceJobs.twin(jobId, device.getDeviceId(), event, now);
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
