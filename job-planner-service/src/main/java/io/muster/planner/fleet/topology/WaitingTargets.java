package io.muster.planner.fleet.topology;

import io.muster.planner.state.FleetJob;
import io.muster.service.LogText;
import io.muster.service.UnusableStateException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the targets that wait for their release, each in a place of its job: they were found in that order. For one task. */
final class WaitingTargets {
    private static final Logger LOG = LoggerFactory.getLogger(WaitingTargets.class);
    private static final HexFormat HEX = HexFormat.of();
    /** Counts the places that are asked for at once, at least. */
    private static final int FEWEST = 64;

    private final KeyValueStore<String, byte[]> store;
    private final DeviceJobTable deviceJobs;
    private final DeviceTable devices;

    /** Names a target that waits for its release. */
    record Target(String key, long place, String deviceId) {}

    /** Keeps the targets in a store of the task. @param store job id, NUL, place: device id */
    WaitingTargets(KeyValueStore<String, byte[]> store, DeviceJobTable deviceJobs, DeviceTable devices) {
        this.store = store;
        this.deviceJobs = deviceJobs;
        this.devices = devices;
    }

    void add(String jobId, long place, String deviceId) {
        store.put(key(jobId, place), deviceId.getBytes(StandardCharsets.UTF_8));
    }

    void remove(Target target) {
        store.delete(target.key());
    }

    /** Returns those of the job before that place, in the order of their places, at most so many. */
    List<Target> before(FleetJob job, long before, int most) {
        List<Target> found = new ArrayList<>();
        long from = 0;
        while (from < before && found.size() < most) {
            // The store copies all keys of the range that it is asked for. Before the released ones there are none of
            // ours.
            long width = from < job.getReleased() ? job.getReleased() - from : Math.max(most, FEWEST);
            long to = Math.min(before, from + width);
            try (KeyValueIterator<String, byte[]> all =
                    store.range(key(job.getJobId(), from), key(job.getJobId(), to - 1))) {
                while (all.hasNext() && found.size() < most) {
                    read(job, all.next()).ifPresent(found::add);
                }
            }
            from = to;
        }
        return found;
    }

    /**
     * Reads an entry of the targets that wait. One that nobody of ours wrote is deleted.
     *
     * @throws UnusableStateException where a target stood there: nobody knows which
     */
    private Optional<Target> read(FleetJob job, KeyValue<String, byte[]> entry) {
        String digits = entry.key.substring(job.getJobId().length() + 1);
        long place = isPlace(digits) ? HexFormat.fromHexDigitsToLong(digits) : -1;
        String deviceId = new String(entry.value, StandardCharsets.UTF_8);
        boolean isTaken = place >= job.getReleased();
        if (isTaken && mayWait(job, deviceId)) {
            return Optional.of(new Target(entry.key, place, deviceId));
        }
        if (isTaken) {
            throw new UnusableStateException(
                    "The state holds another entry in the place of a waiting target: restore the changelog of this"
                            + " store from a backup (docs/operate/backup.md), store=" + store.name() + " key="
                            + LogText.of(entry.key));
        }
        LOG.error(
                "An entry of the state is no waiting target and was removed, store={} key={}",
                store.name(),
                LogText.of(entry.key));
        store.delete(entry.key);
        return Optional.empty();
    }

    /** Returns whether it does; where its slice was put aside, its place says still that it waits. */
    private boolean mayWait(FleetJob job, String deviceId) {
        return deviceJobs.isListed(job.getJobId(), deviceId)
                || (!deviceJobs.contains(job.getJobId(), deviceId) && devices.get(deviceId) != null);
    }

    /** Drops those of the job. @return whether none is left */
    boolean drop(String jobId, Budget budget) {
        List<String> keys = new ArrayList<>();
        int most = budget.affords(Budget.DELETE);
        try (KeyValueIterator<String, byte[]> found = store.prefixScan(jobId + '\0', new StringSerializer())) {
            while (found.hasNext() && keys.size() < most) {
                keys.add(found.next().key);
            }
        }
        keys.forEach(store::delete);
        budget.spend(Budget.DELETE * keys.size());
        return !budget.isSpent();
    }

    private static boolean isPlace(String digits) {
        return digits.length() == 2 * Long.BYTES
                && digits.chars().allMatch(digit -> HexFormat.isHexDigit(digit) && !Character.isUpperCase(digit));
    }

    private static String key(String jobId, long place) {
        return jobId + '\0' + HEX.toHexDigits(place);
    }
}
