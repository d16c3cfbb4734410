package io.muster.api.compute;

import io.muster.records.AttemptOver;
import io.muster.records.PoolEvents;
import io.muster.records.TaskPlaced;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/** Follows the events of pools: which files the tasks need that are placed on their nodes. Thread-safe. */
public final class PoolView {
    private record TaskKey(String poolId, String taskId) {}

    /** Holds the hashes of files by node and task: of tasks that have some. */
    private final Map<String, Map<TaskKey, List<String>>> placed = new HashMap<>();

    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Takes what a pool's decision brought. */
    public void read(PoolEvents batch) {
        lock.lock();
        try {
            take(batch);
        } finally {
            lock.unlock();
        }
    }

    private void take(PoolEvents batch) {
        String poolId = batch.getPoolId();
        for (Object event : batch.getEvents()) {
            switch (event) {
                case TaskPlaced place
                when !place.getFiles().isEmpty() -> {
                    TaskKey task = new TaskKey(poolId, place.getToken().getTaskId());
                    List<String> hashes =
                            place.getFiles().stream().map(String::intern).toList();
                    place.getMembers()
                            .forEach(member -> placed.computeIfAbsent(member.getNodeId(), _ -> new HashMap<>())
                                    .put(task, hashes));
                    changed.signalAll();
                }
                case AttemptOver over ->
                    left(over.getNodeId(), new TaskKey(poolId, over.getToken().getTaskId()));
                default -> {
                    // Says nothing about files.
                }
            }
        }
    }

    private void left(String nodeId, TaskKey task) {
        placed.computeIfPresent(nodeId, (_, tasks) -> {
            tasks.remove(task);
            return tasks.isEmpty() ? null : tasks;
        });
    }

    /** Returns the hashes of the files of all tasks that are placed. */
    public Set<String> files() {
        lock.lock();
        try {
            return placed.values().stream()
                    .flatMap(tasks -> tasks.values().stream())
                    .flatMap(List::stream)
                    .collect(Collectors.toSet());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns whether a task needs a file that is placed on a node. Where none does, it waits for a while: an order may be there before its event is.
     *
     * @throws InterruptedException when the thread is interrupted meanwhile
     */
    public boolean needs(String nodeId, String sha256, Duration limit) throws InterruptedException {
        lock.lock();
        try {
            long left = limit.toNanos();
            while (!needs(nodeId, sha256)) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean needs(String nodeId, String sha256) {
        return placed.getOrDefault(nodeId, Map.of()).values().stream().anyMatch(hashes -> hashes.contains(sha256));
    }
}
