package io.muster.planner.pool.topology;

import io.muster.planner.pool.GroupRule;
import io.muster.planner.pool.Node;
import io.muster.planner.pool.Pool;
import io.muster.planner.pool.PoolDecider;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolEvent;
import io.muster.planner.pool.PoolInput;
import io.muster.planner.pool.TaskState;
import io.muster.records.ActiveTask;
import io.muster.records.Admission;
import io.muster.records.ComputeTask;
import io.muster.records.PoolMember;
import io.muster.records.PoolNode;
import io.muster.records.PoolNumbers;
import io.muster.records.PoolRule;
import io.muster.records.PoolTask;
import io.muster.service.coordinator.DueTimes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the pools of a partition: in memory as the decider takes them, and each task and node that a decision changed as a row. A pool begins with the
 * first that is said of it. For one task.
 */
final class PoolTable {
    private static final char SEPARATOR = '\0';
    private static final Instant BEGIN = Instant.EPOCH;

    private final KeyValueStore<String, PoolTask> tasks;
    private final KeyValueStore<String, PoolNode> nodes;
    private final KeyValueStore<String, PoolNumbers> numbers;
    private final KeyValueStore<String, PoolRule> rules;
    private final Map<String, Pool> pools = new HashMap<>();
    private final DueTimes pauses = new DueTimes();

    /** Restores the pools of what is kept of them; their nodes count as heard when the task began. */
    PoolTable(
            KeyValueStore<String, PoolTask> tasks,
            KeyValueStore<String, PoolNode> nodes,
            KeyValueStore<String, PoolNumbers> numbers,
            KeyValueStore<String, PoolRule> rules) {
        this.rules = rules;
        this.tasks = tasks;
        this.nodes = nodes;
        this.numbers = numbers;
        try (KeyValueIterator<String, PoolNode> nodeRows = nodes.all();
                KeyValueIterator<String, PoolTask> taskRows = tasks.all();
                KeyValueIterator<String, PoolNumbers> numberRows = numbers.all();
                KeyValueIterator<String, PoolRule> ruleRows = rules.all()) {
            restore(nodeRows, taskRows, numberRows, ruleRows, BEGIN);
        }
    }

    private static final class Rows {
        private final Map<String, Pool.Admission> admitted = new HashMap<>();
        private final List<Node> nodes = new ArrayList<>();
        private final List<Pool.Task> tasks = new ArrayList<>();
        private final Map<String, GroupRule> rules = new HashMap<>();
        private long nextNumber;
        private long nextPlacement;
        private PoolEvent.Configured configured = PoolEvent.Configured.NOT;
    }

    private void restore(
            KeyValueIterator<String, PoolNode> nodeRows,
            KeyValueIterator<String, PoolTask> taskRows,
            KeyValueIterator<String, PoolNumbers> numberRows,
            KeyValueIterator<String, PoolRule> ruleRows,
            Instant heardAt) {
        Map<String, Rows> all = new HashMap<>();
        nodeRows.forEachRemaining(row -> {
            PoolNode node = row.value;
            Rows pool = all.computeIfAbsent(node.getPoolId(), _ -> new Rows());
            @Nullable Admission admission = node.getAdmission();
            if (admission != null) {
                pool.admitted.put(node.getNodeId(), PoolRecords.admission(admission));
            }
            if (node.getState() != null) {
                pool.nodes.add(PoolRecords.node(node.getNodeId(), node.getState(), heardAt));
            }
        });
        taskRows.forEachRemaining(row -> all.computeIfAbsent(row.value.getPoolId(), _ -> new Rows())
                .tasks
                .add(PoolRecords.task(row.value)));
        numberRows.forEachRemaining(row -> {
            Rows pool = all.computeIfAbsent(row.value.getPoolId(), _ -> new Rows());
            pool.nextNumber = row.value.getNextNumber();
            pool.nextPlacement = row.value.getNextPlacement();
            pool.configured = PoolRecords.configured(row.value);
        });
        ruleRows.forEachRemaining(row -> all.computeIfAbsent(row.value.getPoolId(), _ -> new Rows())
                .rules
                .put(PoolRecords.group(row.value.getOwner()), PoolRecords.rule(row.value)));
        all.forEach((poolId, rows) -> {
            pools.put(
                    poolId,
                    Pool.restored(
                            rows.admitted,
                            rows.nodes,
                            rows.tasks,
                            rows.rules,
                            rows.nextNumber,
                            rows.nextPlacement,
                            rows.configured));
            rows.tasks.forEach(task -> setPause(poolId, task));
        });
    }

    /** Has a pool be as it is kept, where a decision was made and not kept. @param heardAt when its nodes count as heard: nobody kept that */
    void reload(String poolId, Instant heardAt) {
        pools.remove(poolId);
        String first = key(poolId, "");
        String behind = poolId + (char) (SEPARATOR + 1);
        try (KeyValueIterator<String, PoolNode> nodeRows = nodes.range(first, behind);
                KeyValueIterator<String, PoolTask> taskRows = tasks.range(first, behind);
                KeyValueIterator<String, PoolNumbers> numberRows = numbers.range(poolId, poolId);
                KeyValueIterator<String, PoolRule> ruleRows = rules.range(first, behind)) {
            restore(nodeRows, taskRows, numberRows, ruleRows, heardAt);
        }
    }

    /** Returns the ids of the pools. */
    Set<String> ids() {
        return Set.copyOf(pools.keySet());
    }

    /** Returns a pool; an empty one where nothing has happened in it. */
    Pool pool(String poolId) {
        @Nullable Pool known = pools.get(poolId);
        return known == null ? new Pool() : known;
    }

    /** Returns what a task is to do; null where the pool has none of that id. */
    @Nullable
    ComputeTask task(String poolId, String taskId) {
        @Nullable PoolTask row = tasks.get(key(poolId, taskId));
        return row == null ? null : row.getTask();
    }

    /** Returns whether nobody asks for a task any more, by what is kept of it. */
    boolean isDisowned(String poolId, String taskId) {
        @Nullable PoolTask row = tasks.get(key(poolId, taskId));
        return row == null || row.getDisowned();
    }

    /** Returns the first node of the attempt under way, by what is kept of a task; empty where none is. */
    Optional<String> primary(String poolId, String taskId) {
        return members(poolId, taskId).stream().findFirst();
    }

    /** Returns the nodes of the attempt under way, the first one first, by what is kept of a task; none where there is none. */
    List<String> members(String poolId, String taskId) {
        @Nullable PoolTask row = tasks.get(key(poolId, taskId));
        return row != null && row.getState() instanceof ActiveTask active
                ? active.getMembers().stream().map(PoolMember::getNodeId).toList()
                : List.of();
    }

    /** Decides. The pool has changed behind it, and what is kept has not: {@link #keep} follows, or {@link #reload}. */
    Decided decide(String poolId, PoolInput input, Instant now, Instant logTime) {
        Pool pool = pool(poolId);
        Decided decided = PoolDecider.decide(pool, pool.placement(), input, now, logTime);
        if (!decided.events().isEmpty()) {
            pools.putIfAbsent(poolId, pool);
        }
        return decided;
    }

    /**
     * Keeps what came of a decision.
     *
     * @param submitted the task of a {@link PoolInput.Submit} or a {@link PoolInput.Change}; null with any other input
     */
    void keep(String poolId, Decided decided, @Nullable ComputeTask submitted) {
        Pool pool = pool(poolId);
        Set<String> changedTasks = new LinkedHashSet<>();
        Set<String> changedNodes = new LinkedHashSet<>();
        boolean numbered = false;
        for (PoolEvent event : decided.events()) {
            switch (event) {
                case PoolEvent.TaskQueued queued -> {
                    changedTasks.add(queued.task().id());
                    numbered = true;
                }
                case PoolEvent.TaskPlaced placed -> {
                    changedTasks.add(placed.token().taskId());
                    numbered = true;
                }
                case PoolEvent.TaskNotPlaced _, PoolEvent.NodeUnheard _ -> {
                    // Changes nothing that is kept.
                }
                case PoolEvent.AttemptStarted started ->
                    changedTasks.add(started.token().taskId());
                case PoolEvent.AttemptCoordinated coordinated ->
                    changedTasks.add(coordinated.token().taskId());
                case PoolEvent.AttemptOver over -> changedTasks.add(over.token().taskId());
                case PoolEvent.TaskChanged changed -> changedTasks.add(changed.taskId());
                case PoolEvent.TaskStopping(String taskId) -> changedTasks.add(taskId);
                case PoolEvent.TaskReturning(String taskId) -> changedTasks.add(taskId);
                case PoolEvent.TaskRequeued requeued -> changedTasks.add(requeued.taskId());
                case PoolEvent.TaskBackedOff backedOff -> changedTasks.add(backedOff.taskId());
                case PoolEvent.TaskCompleted completed -> changedTasks.add(completed.taskId());
                case PoolEvent.TaskDisowned(String taskId) -> changedTasks.add(taskId);
                case PoolEvent.TaskForgotten(String taskId) -> changedTasks.add(taskId);
                case PoolEvent.NodeAdmitted admitted -> changedNodes.add(admitted.node());
                case PoolEvent.NodeDismissed(String node) -> changedNodes.add(node);
                case PoolEvent.NodeJoined joined -> changedNodes.add(joined.node());
                case PoolEvent.NodeLost(String node) -> changedNodes.add(node);
                case PoolEvent.SchedulingChanged changed -> changedNodes.add(changed.node());
                case PoolEvent.NodeDeparting departing -> changedNodes.add(departing.node());
                case PoolEvent.NodeReleased(String node) -> changedNodes.add(node);
                case PoolEvent.NodeStays(String node) -> changedNodes.add(node);
                case PoolEvent.GroupRuled(String group, GroupRule _) -> keepRule(poolId, pool, group);
                case PoolEvent.GroupIdle _ -> {
                    // Changes nothing that is kept.
                }
                case PoolEvent.Configured _ -> numbered = true;
            }
        }
        changedTasks.forEach(taskId -> keepTask(poolId, pool, taskId, submitted));
        changedNodes.forEach(nodeId -> keepNode(poolId, pool, nodeId));
        if (numbered) {
            numbers.put(poolId, PoolRecords.numbers(poolId, pool));
        }
    }

    private void keepRule(String poolId, Pool pool, String group) {
        GroupRule rule = pool.rule(group);
        if (rule.equals(GroupRule.NONE)) {
            rules.delete(key(poolId, group));
        } else {
            rules.put(key(poolId, group), PoolRecords.kept(poolId, group, rule));
        }
    }

    private void keepNode(String poolId, Pool pool, String nodeId) {
        Optional<Pool.Admission> admitted = pool.admitted(nodeId);
        Optional<Node> node = pool.node(nodeId);
        if (admitted.isEmpty() && node.isEmpty()) {
            nodes.delete(key(poolId, nodeId));
        } else {
            nodes.put(key(poolId, nodeId), PoolRecords.kept(poolId, nodeId, admitted, node));
        }
    }

    private void keepTask(String poolId, Pool pool, String taskId, @Nullable ComputeTask submitted) {
        String key = key(poolId, taskId);
        Pool.@Nullable Task task = pool.task(taskId).orElse(null);
        if (task == null) {
            tasks.delete(key);
            pauses.clear(key);
            return;
        }
        @Nullable ComputeTask described = submitted == null ? task(poolId, taskId) : submitted;
        if (described == null) {
            throw new IllegalStateException("The pool's task has no row, pool=" + poolId + " task=" + taskId);
        }
        tasks.put(key, PoolRecords.kept(poolId, described, task));
        setPause(poolId, task);
    }

    private void setPause(String poolId, Pool.Task task) {
        String key = key(poolId, task.definition().id());
        if (task.state() instanceof TaskState.BackingOff(var _, Instant until)) {
            pauses.set(key, until);
        } else {
            pauses.clear(key);
        }
    }

    /** Names a task of a pool. */
    record TaskKey(String poolId, String taskId) {}

    /** Takes out the tasks whose pause is over; at most so many. */
    List<TaskKey> due(Instant now, int most) {
        return pauses.take(now, most).stream()
                .map(key -> new TaskKey(
                        key.substring(0, key.indexOf(SEPARATOR)), key.substring(key.indexOf(SEPARATOR) + 1)))
                .toList();
    }

    private static String key(String poolId, String id) {
        return poolId + SEPARATOR + id;
    }
}
