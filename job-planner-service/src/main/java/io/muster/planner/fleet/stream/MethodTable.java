package io.muster.planner.fleet.stream;

import io.muster.planner.state.PendingMethod;
import io.muster.service.coordinator.DueTimes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The partition's methods that have not ended. Beside the store, in memory and rebuilt from it at start: when each is due, which are
 * of a job, and how many of a device wait or run. For one task.
 */
final class MethodTable {
    private static final StringSerializer TEXT = new StringSerializer();

    /** Counts of one device. */
    private static final class Load {
        private int queued;
        private int running;
    }

    private final KeyValueStore<String, PendingMethod> store;
    private final DueTimes dueTimes = new DueTimes();
    private final Map<String, Load> loads = new HashMap<>();
    private final Map<String, NavigableSet<String>> byJob = new HashMap<>();

    MethodTable(KeyValueStore<String, PendingMethod> store) {
        this.store = store;
        try (KeyValueIterator<String, PendingMethod> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, PendingMethod> entry = all.next();
                count(entry.value, 1);
                list(entry.key, entry.value);
                schedule(entry.key, entry.value);
            }
        }
    }

    @Nullable
    PendingMethod get(String deviceId, String number) {
        return store.get(key(deviceId, number));
    }

    int running(String deviceId) {
        @Nullable Load load = loads.get(deviceId);
        return load == null ? 0 : load.running;
    }

    boolean anyQueued(String deviceId) {
        @Nullable Load load = loads.get(deviceId);
        return load != null && load.queued > 0;
    }

    /** @param before as it stands in the store; null when it is new */
    void put(@Nullable PendingMethod before, PendingMethod after) {
        String key = key(after.getDeviceId(), after.getNumber());
        if (before == null) {
            list(key, after);
        } else {
            count(before, -1);
        }
        count(after, 1);
        schedule(key, after);
        store.put(key, after);
    }

    void remove(PendingMethod pending) {
        String key = key(pending.getDeviceId(), pending.getNumber());
        count(pending, -1);
        byJob.computeIfPresent(String.valueOf(pending.getJobId()), (_, keys) -> {
            keys.remove(key);
            return keys.isEmpty() ? null : keys;
        });
        dueTimes.clear(key);
        store.delete(key);
    }

    /** Those of one device, those of the highest priority first, and of them the oldest. */
    List<PendingMethod> of(String deviceId) {
        List<PendingMethod> found = new ArrayList<>();
        try (KeyValueIterator<String, PendingMethod> methods = store.prefixScan(deviceId + '\0', TEXT)) {
            methods.forEachRemaining(entry -> found.add(entry.value));
        }
        found.sort(
                Comparator.comparing(PendingMethod::getPriority).reversed().thenComparing(PendingMethod::getCreatedAt));
        return found;
    }

    /**
     * Returns those of one job, in the order of their keys.
     *
     * @param after the key behind which to begin; null for the first
     * @param most so many at most
     */
    List<PendingMethod> ofJob(String jobId, @Nullable String after, int most) {
        @Nullable NavigableSet<String> keys = byJob.get(jobId);
        List<PendingMethod> found = new ArrayList<>();
        if (keys != null) {
            Iterator<String> rest = (after == null ? keys : keys.tailSet(after, false)).iterator();
            while (rest.hasNext() && found.size() < most) {
                @Nullable PendingMethod pending = store.get(rest.next());
                if (pending != null) {
                    found.add(pending);
                }
            }
        }
        return found;
    }

    static String key(PendingMethod pending) {
        return key(pending.getDeviceId(), pending.getNumber());
    }

    private void list(String key, PendingMethod pending) {
        if (pending.getJobId() != null) {
            byJob.computeIfAbsent(pending.getJobId(), _ -> new TreeSet<>()).add(key);
        }
    }

    /** Takes those whose time has come, at most so many. */
    List<PendingMethod> due(Instant now, int limit) {
        List<PendingMethod> due = new ArrayList<>();
        for (String key : dueTimes.take(now, limit)) {
            @Nullable PendingMethod pending = store.get(key);
            if (pending != null) {
                due.add(pending);
            }
        }
        return due;
    }

    /** One that is due is to be looked at again at that instant; it stays as it is. */
    void lookAgain(PendingMethod pending, Instant at) {
        dueTimes.set(key(pending.getDeviceId(), pending.getNumber()), at);
    }

    private void schedule(String key, PendingMethod pending) {
        Instant dueAt = pending.getDueAt();
        if (dueAt == null) {
            dueTimes.clear(key);
        } else {
            dueTimes.set(key, dueAt);
        }
    }

    private void count(PendingMethod pending, int change) {
        Load load = loads.computeIfAbsent(pending.getDeviceId(), _ -> new Load());
        if (pending.getRunning()) {
            load.running += change;
        } else {
            load.queued += change;
        }
        if (load.running == 0 && load.queued == 0) {
            loads.remove(pending.getDeviceId());
        }
    }

    private static String key(String deviceId, String number) {
        return deviceId + '\0' + number;
    }
}
