package io.muster.planner.pool.topology;

import io.muster.records.PoolNodes;
import io.muster.records.PoolWatcher;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.service.InvalidRecordException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps who is to hear which nodes a pool has: those who asked, and the site of the pool's name. For one task. */
final class PoolWatchers {
    private static final char SEPARATOR = '\0';
    private static final Pattern SITE = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?");
    private static final Pattern BATCH_POOL = Pattern.compile("[a-z0-9_-]{1,64}");

    private final KeyValueStore<String, PoolWatcher> watchers;
    /** Holds the nodes of pools that were written last, as long as the task lives. */
    private final Map<String, PoolNodes> written = new HashMap<>();

    PoolWatchers(KeyValueStore<String, PoolWatcher> watchers) {
        this.watchers = watchers;
    }

    /** Adds one; once more changes nothing. @throws InvalidRecordException where there can't be such an owner */
    void add(String poolId, TaskOwner owner) throws InvalidRecordException {
        requireName(owner);
        watchers.put(key(poolId, owner), new PoolWatcher(poolId, owner));
    }

    /** @throws InvalidRecordException where there can't be such an owner */
    static void requireName(TaskOwner owner) throws InvalidRecordException {
        Pattern names = switch (owner.getKind()) {
            case SITE -> SITE;
            case BATCH_POOL -> BATCH_POOL;
            case BATCH_JOB -> throw new InvalidRecordException("a job of Batch hears of its tasks alone");
        };
        if (!names.matcher(owner.getId()).matches()) {
            throw new InvalidRecordException("no " + owner.getKind() + " has such a name");
        }
    }

    /** Removes one that has asked. */
    void remove(String poolId, TaskOwner owner) {
        watchers.delete(key(poolId, owner));
    }

    private static String key(String poolId, TaskOwner owner) {
        return poolId + SEPARATOR + owner.getKind() + SEPARATOR + owner.getId();
    }

    /** Returns whether the nodes of a pool are others than those that were asked about last. */
    boolean areNews(String poolId, PoolNodes nodes) {
        return !nodes.equals(written.put(poolId, nodes));
    }

    /** Returns those of a pool. */
    List<TaskOwner> of(String poolId) {
        List<TaskOwner> owners = new ArrayList<>();
        try (KeyValueIterator<String, PoolWatcher> rows =
                watchers.range(poolId + SEPARATOR, poolId + (char) (SEPARATOR + 1))) {
            rows.forEachRemaining(row -> owners.add(row.value.getOwner()));
        }
        TaskOwner namesake = new TaskOwner(TaskOwnerKind.SITE, poolId);
        if (SITE.matcher(poolId).matches() && !owners.contains(namesake)) {
            owners.add(namesake);
        }
        return owners;
    }
}
