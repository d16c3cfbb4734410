package io.muster.planner.fleet.topology;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps which devices a job has evaluated before its expansion came to them. For one task. */
final class EvaluatedAhead {
    private static final byte[] NOTHING = {};

    private final KeyValueStore<String, byte[]> store;

    /** Keeps the ids of devices in a store of the task. @param store job id, NUL, device id */
    EvaluatedAhead(KeyValueStore<String, byte[]> store) {
        this.store = store;
    }

    void add(String jobId, String deviceId) {
        store.put(prefix(jobId) + deviceId, NOTHING);
    }

    /** Returns the ids of the job's devices. */
    Set<String> of(String jobId) {
        Set<String> devices = new HashSet<>();
        keys(jobId, Integer.MAX_VALUE)
                .forEach(key -> devices.add(key.substring(prefix(jobId).length())));
        return devices;
    }

    /** Deletes those of the job. @return whether none is left */
    boolean drop(String jobId, Budget budget) {
        for (String key : keys(jobId, budget.affords(Budget.DELETE))) {
            budget.spend(Budget.DELETE);
            store.delete(key);
        }
        return !budget.isSpent();
    }

    private List<String> keys(String jobId, int most) {
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> found = store.prefixScan(prefix(jobId), new StringSerializer())) {
            while (found.hasNext() && keys.size() < most) {
                keys.add(found.next().key);
            }
        }
        return keys;
    }

    private static String prefix(String jobId) {
        return jobId + '\0';
    }
}
