package io.muster.planner.fleet.topology;

import io.muster.document.IdentityId;
import io.muster.planner.state.WorkSlice;
import io.muster.planner.work.WorkOnDevice;
import io.muster.planner.work.WorkRecords;
import io.muster.records.OperationType;
import io.muster.service.coordinator.KeyPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the work of jobs on devices in slices (ADR 0030): neighbours in the order of device ids share a row, as in the leaves of a B-tree. A
 * slice that grows too large is split. Slices at work are in memory, decoded; those that have changed are written once before a commit, or when
 * others need their room. For one task.
 */
final class WorkSlices {
    /** Limits the devices of a slice. */
    static final int MOST_DEVICES = 128;

    /** Limits the bytes of a slice, unless its only device takes more. */
    private static final int MOST_BYTES = 32 * 1024;

    /** Holds slices in memory. */
    private static final int MOST_IN_MEMORY = 256;

    private static final char BEHIND_NUL = '\u0001';

    /** Is work, and what it is of. */
    record Row(String jobId, OperationType operation, WorkOnDevice work) {
        String key() {
            return WorkSlices.key(jobId, work.deviceId());
        }
    }

    private static final class Slice {
        private final OperationType operation;
        /** Holds the work in the order of device ids. */
        private final List<WorkOnDevice> devices;

        private int bytes;

        private Slice(OperationType operation, List<WorkOnDevice> devices) {
            this.operation = operation;
            this.devices = devices;
            devices.forEach(device -> bytes += WorkRecords.roughSize(device));
        }

        /** Returns where the device is, or, below 0, minus one and minus where it would be. */
        private int find(String deviceId) {
            int from = 0;
            int to = devices.size() - 1;
            while (from <= to) {
                int middle = (from + to) >>> 1;
                int order = devices.get(middle).deviceId().compareTo(deviceId);
                if (order == 0) {
                    return middle;
                }
                from = order < 0 ? middle + 1 : from;
                to = order < 0 ? to : middle - 1;
            }
            return -1 - from;
        }

        private void put(WorkOnDevice work) {
            int at = find(work.deviceId());
            if (at >= 0) {
                bytes -= WorkRecords.roughSize(devices.set(at, work));
            } else {
                devices.add(-1 - at, work);
            }
            bytes += WorkRecords.roughSize(work);
        }

        private boolean isTooLarge() {
            return devices.size() > 1 && (devices.size() > MOST_DEVICES || bytes > MOST_BYTES);
        }

        /** Takes the devices behind the middle out; behind the last but one where devices come in order, so that slices get full. */
        private Slice split(boolean inOrder) {
            int from = inOrder ? devices.size() - 1 : devices.size() / 2;
            List<WorkOnDevice> behind = devices.subList(from, devices.size());
            Slice next = new Slice(operation, new ArrayList<>(behind));
            behind.clear();
            bytes -= next.bytes;
            return next;
        }
    }

    private final KeyValueStore<String, WorkSlice> store;
    private final int partition;
    private final int partitions;
    private final Map<String, Slice> inMemory = new LinkedHashMap<>(16, 0.75f, true);
    private final Set<String> changed = new LinkedHashSet<>();
    /** Holds keys that the store has not got yet. */
    private final NavigableSet<String> unsaved = new TreeSet<>();
    /** Holds keys of the slices of jobs at work. */
    private final Map<String, NavigableSet<String>> keys = new HashMap<>();

    /**
     * Keeps the slices of one device partition in a store.
     *
     * @param store by job id, NUL, device id
     * @param partition whose devices they are
     * @param partitions how many there are
     */
    WorkSlices(KeyValueStore<String, WorkSlice> store, int partition, int partitions) {
        this.store = store;
        this.partition = partition;
        this.partitions = partitions;
    }

    /** Returns the work of a job on a device; empty where there is none. */
    Optional<WorkOnDevice> get(String jobId, String deviceId) {
        return row(jobId, deviceId).map(Row::work);
    }

    /** Returns the work of a job on a device; empty where there is none. */
    Optional<Row> row(String jobId, String deviceId) {
        @Nullable String key = sliceOf(jobId, deviceId);
        @Nullable Slice slice = key == null ? null : slice(key);
        int at = slice == null ? -1 : slice.find(deviceId);
        return slice == null || at < 0
                ? Optional.empty()
                : Optional.of(new Row(jobId, slice.operation, slice.devices.get(at)));
    }

    void put(String jobId, OperationType operation, WorkOnDevice work) {
        NavigableSet<String> own = keys.computeIfAbsent(jobId, this::load);
        @Nullable String key = own.floor(key(jobId, work.deviceId()));
        @Nullable Slice slice = key == null ? null : slice(key);
        if (key == null || slice == null) {
            key = key == null ? key(jobId, "") : key;
            slice = new Slice(operation, new ArrayList<>());
            add(own, key, slice);
        }
        slice.put(work);
        changed.add(key);
        fit(jobId, own, slice, slice.devices.getLast().deviceId().equals(work.deviceId()));
    }

    private void fit(String jobId, NavigableSet<String> own, Slice slice, boolean inOrder) {
        if (slice.isTooLarge()) {
            Slice next = slice.split(inOrder);
            add(own, key(jobId, next.devices.getFirst().deviceId()), next);
            fit(jobId, own, slice, inOrder);
            fit(jobId, own, next, inOrder);
        }
    }

    private void add(NavigableSet<String> own, String key, Slice slice) {
        own.add(key);
        unsaved.add(key);
        changed.add(key);
        remember(key, slice);
    }

    /** Forgets in which slices the work of a job is: it has ended. */
    void close(String jobId) {
        keys.remove(jobId);
    }

    /** Writes what has changed. */
    void save() {
        for (String key : changed) {
            @Nullable Slice slice = inMemory.get(key);
            if (slice != null) {
                write(key, slice);
            }
        }
        changed.clear();
    }

    private void write(String key, Slice slice) {
        store.put(
                key,
                new WorkSlice(
                        slice.operation.name(),
                        partitions,
                        slice.devices.stream().map(WorkRecords::record).toList()));
        unsaved.remove(key);
    }

    /**
     * Visits work in the order of job and device ids. The visitor may change work.
     *
     * @param jobId of the only job; empty for all
     * @param after the key behind which to begin; null for the first
     * @param budget spent on each row
     * @param visitor says whether to go on
     * @return the key behind which to go on; empty when none is left
     */
    Optional<String> scan(Optional<String> jobId, @Nullable String after, Budget budget, Predicate<Row> visitor) {
        @Nullable String end = jobId.map(id -> id + BEHIND_NUL).orElse(null);
        String start = jobId.map(id -> key(id, "")).orElse("");
        String from = after == null || after.compareTo(start) < 0 ? start : after;
        if (end != null && from.compareTo(end) >= 0) {
            return Optional.empty();
        }
        @Nullable String key = from.isEmpty() ? null : sliceOf(jobId(from), deviceId(from));
        key = key == null ? first(from, end) : key;
        while (key != null) {
            @Nullable Slice slice = slice(key);
            if (slice != null) {
                String id = jobId(key);
                List<WorkOnDevice> devices = List.copyOf(slice.devices);
                for (WorkOnDevice work : devices) {
                    Row row = new Row(id, slice.operation, work);
                    String place = row.key();
                    if (place.compareTo(from) > 0) {
                        from = place;
                        budget.spend(Budget.VISIT);
                        boolean goOn = visitor.test(row);
                        if (!goOn || budget.isSpent()) {
                            return isLast(devices, work, key, end) ? Optional.empty() : Optional.of(place);
                        }
                    }
                }
            }
            key = first(key + '\0', end);
        }
        return Optional.empty();
    }

    private boolean isLast(List<WorkOnDevice> devices, WorkOnDevice work, String key, @Nullable String end) {
        return devices.getLast().equals(work) && first(key + '\0', end) == null;
    }

    /** Returns the first key of a slice from there on, before the end. */
    private @Nullable String first(String from, @Nullable String end) {
        @Nullable String first = unsaved.ceiling(from);
        try (KeyValueIterator<String, WorkSlice> found = store.range(from, null)) {
            if (found.hasNext()) {
                String saved = found.peekNextKey();
                first = first == null || saved.compareTo(first) < 0 ? saved : first;
            }
        }
        return first == null || (end != null && first.compareTo(end) >= 0) ? null : first;
    }

    /** Returns the id of the first job from that key on; empty where there is none. */
    Optional<String> firstJob(String from) {
        return Optional.ofNullable(first(from, null)).map(WorkSlices::jobId);
    }

    /** Drops work of that job. @return whether none is left */
    boolean drop(String jobId, Budget budget) {
        keys.remove(jobId);
        for (@Nullable String key = first(key(jobId, ""), jobId + BEHIND_NUL);
                key != null;
                key = first(key, jobId + BEHIND_NUL)) {
            if (budget.isSpent()) {
                return false;
            }
            budget.spend(Budget.SLICE);
            inMemory.remove(key);
            changed.remove(key);
            if (!unsaved.remove(key)) {
                store.put(key, null);
            }
        }
        return true;
    }

    /** Returns the key of the slice that has the device, or would have it; null where the job has none. */
    private @Nullable String sliceOf(String jobId, String deviceId) {
        @Nullable NavigableSet<String> own = keys.get(jobId);
        String place = key(jobId, deviceId);
        if (own != null) {
            return own.floor(place);
        }
        @Nullable String floor = unsaved.floor(place);
        String first = key(jobId, "");
        floor = floor == null || floor.compareTo(first) < 0 ? null : floor;
        try (KeyValueIterator<String, WorkSlice> found = store.reverseRange(first, place)) {
            if (found.hasNext()) {
                String saved = found.peekNextKey();
                floor = floor == null || saved.compareTo(floor) > 0 ? saved : floor;
            }
        }
        return floor;
    }

    private NavigableSet<String> load(String jobId) {
        NavigableSet<String> own = new TreeSet<>();
        try (KeyValueIterator<String, WorkSlice> found = store.range(key(jobId, ""), jobId + BEHIND_NUL)) {
            found.forEachRemaining(entry -> own.add(entry.key));
        }
        own.addAll(unsaved.subSet(key(jobId, ""), jobId + BEHIND_NUL));
        return own;
    }

    private @Nullable Slice slice(String key) {
        @Nullable Slice known = inMemory.get(key);
        if (known != null) {
            return known;
        }
        @Nullable WorkSlice saved = store.get(key);
        if (saved == null) {
            return null;
        }
        List<WorkOnDevice> devices = new ArrayList<>();
        for (var device : saved.getDevices()) {
            if (saved.getPartitions() == partitions || isOurs(device.getDeviceId())) {
                devices.add(WorkRecords.read(device));
            }
        }
        Slice slice = new Slice(OperationType.valueOf(saved.getOperation()), devices);
        if (keys.containsKey(jobId(key))) {
            remember(key, slice);
        }
        return slice;
    }

    /** Returns whether the device is this partition's: a slice that was written before it was split has others too. */
    private boolean isOurs(String id) {
        return KeyPartition.of(IdentityId.deviceId(id), partitions) == partition;
    }

    private void remember(String key, Slice slice) {
        inMemory.put(key, slice);
        if (inMemory.size() > MOST_IN_MEMORY) {
            Map.Entry<String, Slice> oldest = inMemory.entrySet().iterator().next();
            inMemory.remove(oldest.getKey());
            if (changed.remove(oldest.getKey())) {
                write(oldest.getKey(), oldest.getValue());
            }
        }
    }

    static String key(String jobId, String deviceId) {
        return jobId + '\0' + deviceId;
    }

    private static String jobId(String key) {
        int end = key.indexOf('\0');
        return end < 0 ? key : key.substring(0, end);
    }

    static String deviceId(String key) {
        return key.substring(key.indexOf('\0') + 1);
    }
}
