package io.muster.planner.pool.topology;

import io.muster.codec.Codecs;
import io.muster.document.ScriptHosts;
import io.muster.planner.pool.Attempt;
import io.muster.planner.pool.NodeOrder;
import io.muster.planner.pool.Outcome;
import io.muster.planner.pool.Pool;
import io.muster.planner.pool.PoolDecider;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolEvent;
import io.muster.planner.pool.PoolInput;
import io.muster.planner.pool.PoolRefusal;
import io.muster.planner.pool.TaskState;
import io.muster.planner.pool.Token;
import io.muster.records.AcknowledgeExit;
import io.muster.records.BatchTaskFacts;
import io.muster.records.CapableNodes;
import io.muster.records.CloseConnection;
import io.muster.records.ComputeTask;
import io.muster.records.Delivery;
import io.muster.records.DeviceCommand;
import io.muster.records.GrantLease;
import io.muster.records.JoinPool;
import io.muster.records.KillAttempt;
import io.muster.records.LeavePool;
import io.muster.records.MoveToPool;
import io.muster.records.NodeOrders;
import io.muster.records.NodesNotFound;
import io.muster.records.PoolEvents;
import io.muster.records.PoolNodes;
import io.muster.records.PoolProbe;
import io.muster.records.PoolReport;
import io.muster.records.PoolTasks;
import io.muster.records.ProceedAttempt;
import io.muster.records.RestartProgram;
import io.muster.records.ScriptHost;
import io.muster.records.StartAttempt;
import io.muster.records.StopAttempt;
import io.muster.records.TaskEnded;
import io.muster.records.TaskNews;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskRefused;
import io.muster.records.TaskStarted;
import io.muster.records.TaskWaits;
import io.muster.records.TasksIdle;
import io.muster.service.Gatherer;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Writes what follows of decisions of pools: events, orders to nodes, and news for the owners of tasks. All of a decision is made before any of it is written or
 * gathered, so that one that can't be made leaves nothing behind. Events of a pool, and orders over a connection, are gathered until {@link #flush}, and go together. For one
 * task.
 */
final class PoolOutbox {
    private static final int MOST_EVENTS = 500;
    private static final int MOST_ORDERS = 200;

    /** Bounds the nodes that owners hear of: sites use the first 25. */
    private static final int MOST_NODES = 100;

    /** Bounds the nodes of one capability that owners hear of: a continuous job runs on so many. */
    private static final int MOST_CAPABLE = 25;

    private record Made(String sink, Route route, byte[] value, Instant at, Map<String, String> headers) {}

    private record Happened(String poolId, Object event) {}

    private record Ordered(Connection to, Object order) {}

    private record Connection(String poolId, String nodeId, int gateway, long epoch) {}

    private final Outbox outbox;
    private final Codecs codecs;
    private final PoolTable pools;
    private final PoolWatchers watchers;
    private final List<Made> made = new ArrayList<>();
    private final List<Happened> happened = new ArrayList<>();
    private final List<Ordered> ordered = new ArrayList<>();
    private final Gatherer<String, Object> events = new Gatherer<>(MOST_EVENTS, this::send);
    private final Gatherer<Connection, Object> orders = new Gatherer<>(MOST_ORDERS, this::send);
    private Instant at = Instant.EPOCH;

    PoolOutbox(Outbox outbox, Codecs codecs, PoolTable pools, PoolWatchers watchers) {
        this.outbox = outbox;
        this.codecs = codecs;
        this.pools = pools;
        this.watchers = watchers;
    }

    private <V extends SpecificRecord> void make(String sink, Topic<V> topic, Route route, V value, Instant now) {
        made.add(new Made(sink, route, codecs.of(topic).encode(value), now, Map.of()));
    }

    /** Writes what was made; events and orders with the next {@link #flush}. */
    void write() {
        made.forEach(
                each -> outbox.sendWithHeaders(each.sink(), each.route(), each.value(), each.at(), each.headers()));
        happened.forEach(each -> events.add(each.poolId(), each.event(), PoolRecordSizes.of(each.event())));
        ordered.forEach(each -> orders.add(each.to(), each.order(), PoolRecordSizes.of(each.order())));
        drop();
    }

    /** Drops what was made. */
    void drop() {
        made.clear();
        happened.clear();
        ordered.clear();
    }

    /** Writes the events and the orders that have been gathered, before the record or the step of the clock ends: nothing is held over a commit. */
    void flush() {
        events.sendAll();
        orders.sendAll();
    }

    private void send(String poolId, List<Object> some) {
        outbox.send(
                Outbox.sink(Topics.POOL_EVENTS),
                Topics.POOL_EVENTS,
                Route.byKey(poolId),
                new PoolEvents(poolId, at, some),
                at);
    }

    private void send(Connection to, List<Object> some) {
        outbox.send(
                Outbox.sink(Topics.DELIVERIES, PoolProcessor.NAME),
                Topics.DELIVERIES,
                new Route(to.nodeId(), to.gateway()),
                new Delivery(to.nodeId(), at, new NodeOrders(to.epoch(), to.poolId(), some)),
                at);
    }

    /** Makes the records of a decision. @param submitted the task of a {@link PoolInput.Submit} or {@link PoolInput.Change}; null with any other input */
    void make(String poolId, PoolInput input, Decided decided, @Nullable ComputeTask submitted, Instant now) {
        at = now;
        decided.refusal().ifPresent(refusal -> refuse(poolId, input, refusal, submitted, now));
        decided.events()
                .forEach(event -> happened.add(new Happened(
                        poolId,
                        PoolRecords.event(
                                event,
                                event instanceof PoolEvent.TaskPlaced placed
                                        ? pools.task(poolId, placed.token().taskId())
                                        : submitted))));
        Map<String, Integer> exits = exits(decided.events());
        decided.events().forEach(event -> {
            tellOfSubtasks(poolId, event, now);
            tell(poolId, event, exits, now);
        });
        decided.events().forEach(event -> publish(poolId, event, submitted, now));
        decided.orders().forEach(order -> order(poolId, order, now));
    }

    /** Says why a command changes nothing, and that to the owner of a task that was not taken. */
    private void refuse(
            String poolId, PoolInput input, PoolRefusal refusal, @Nullable ComputeTask submitted, Instant now) {
        happened.add(new Happened(poolId, PoolRecords.refused(input, refusal)));
        if (input instanceof PoolInput.MoveNodes move) {
            notFound(poolId, move, now);
        }
        if (input instanceof PoolInput.Submit && submitted != null) {
            if (submitted.getBatch() != null) {
                publish(
                        "TaskScheduleFailEvent",
                        submitted.getBatch(),
                        TaskEventBodies.refused(submitted.getBatch(), submitted, poolId, refusal),
                        now);
            }
            tell(
                    submitted.getOwner(),
                    poolId,
                    submitted.getTaskId(),
                    new TaskRefused(PoolRecords.reason(refusal), refusal.sentence()),
                    now);
        }
    }

    /** Says to Batch's pools which of the nodes that they named are not there. */
    private void notFound(String poolId, PoolInput.MoveNodes move, Instant now) {
        Pool pool = pools.pool(poolId);
        List<String> missing = move.nodes().stream()
                .filter(node -> pool.admitted(node).isEmpty())
                .toList();
        watchers.of(poolId).stream()
                .filter(owner -> owner.getKind() == TaskOwnerKind.BATCH_POOL)
                .forEach(owner -> tell(owner, poolId, "", new NodesNotFound(missing), now));
    }

    /** Returns with which codes the programs of tasks have ended that go on: those of their first nodes. */
    private static Map<String, Integer> exits(List<PoolEvent> events) {
        Map<String, Integer> exits = new HashMap<>();
        for (PoolEvent event : events) {
            if (event instanceof PoolEvent.AttemptOver(Token token, String _, TaskState.Ending.Exited exited)) {
                exits.putIfAbsent(token.taskId(), exited.code());
            }
        }
        return exits;
    }

    /** Makes the events of a task of Batch. */
    private void publish(String poolId, PoolEvent event, @Nullable ComputeTask submitted, Instant now) {
        if (event instanceof PoolEvent.TaskPlaced placed) {
            @Nullable ComputeTask task = pools.task(poolId, placed.token().taskId());
            if (task != null && task.getBatch() != null) {
                String node = placed.members().getFirst().node();
                publish(
                        "TaskStartEvent",
                        task.getBatch(),
                        TaskEventBodies.start(task.getBatch(), task, poolId, node, placed.attempt()),
                        now);
            }
        } else if (event
                instanceof PoolEvent.TaskNotPlaced(String taskId, Attempt attempt, PoolEvent.NotPlaced reason)) {
            @Nullable ComputeTask task = submitted == null ? pools.task(poolId, taskId) : submitted;
            if (task != null && task.getBatch() != null) {
                publish(
                        "TaskScheduleFailEvent",
                        task.getBatch(),
                        TaskEventBodies.scheduleFail(task.getBatch(), task, poolId, attempt, reason),
                        now);
            }
        } else if (event instanceof PoolEvent.TaskCompleted completed) {
            @Nullable ComputeTask task = pools.task(poolId, completed.taskId());
            if (task != null && task.getBatch() != null) {
                ended(poolId, completed, task, task.getBatch(), now);
            }
        }
    }

    private void ended(
            String poolId, PoolEvent.TaskCompleted completed, ComputeTask task, BatchTaskFacts facts, Instant now) {
        String node = pools.primary(poolId, completed.taskId()).orElse(TaskEventBodies.NO_NODE);
        String body = TaskEventBodies.end(
                facts,
                task,
                poolId,
                node,
                completed.attempt(),
                completed.outcome(),
                completed.startedAt(),
                completed.at());
        publish("TaskCompleteEvent", facts, body, now);
        if (completed.outcome().result() != Outcome.Result.SUCCEEDED) {
            publish("TaskFailEvent", facts, body, now);
        }
    }

    private void publish(String type, BatchTaskFacts facts, String body, Instant now) {
        made.add(new Made(
                Outbox.sink(Topics.TASK_EVENTS, PoolProcessor.NAME),
                Route.byKey(facts.getJobId() + "/" + facts.getTaskId()),
                body.getBytes(StandardCharsets.UTF_8),
                now,
                Outbox.eventHeaders(type, body, now)));
    }

    /** Says to the owner of a task on several nodes what its subtasks do. */
    private void tellOfSubtasks(String poolId, PoolEvent event, Instant now) {
        @Nullable
        Token token = switch (event) {
            case PoolEvent.TaskPlaced placed -> placed.token();
            case PoolEvent.AttemptStarted started -> started.token();
            case PoolEvent.AttemptCoordinated coordinated -> coordinated.token();
            case PoolEvent.AttemptOver over -> over.token();
            default -> null;
        };
        if (token != null) {
            GangNews.of(event, pools.members(poolId, token.taskId()))
                    .ifPresent(news -> tell(poolId, token.taskId(), news, now));
        }
    }

    private void tell(String poolId, PoolEvent event, Map<String, Integer> exits, Instant now) {
        Pool pool = pools.pool(poolId);
        switch (event) {
            case PoolEvent.AttemptStarted(Token token, String node, Instant _) -> {
                boolean primary = pool.task(token.taskId())
                        .map(Pool.Task::state)
                        .filter(TaskState.Active.class::isInstance)
                        .map(state -> ((TaskState.Active) state)
                                .members()
                                .firstEntry()
                                .getKey()
                                .equals(node))
                        .orElse(false);
                if (primary) {
                    tell(
                            poolId,
                            token.taskId(),
                            new TaskStarted(
                                    node,
                                    PoolRecords.token(token),
                                    pool.task(token.taskId())
                                            .map(task -> PoolRecords.attempt(
                                                    task.state().attempt()))
                                            .orElse(null)),
                            now);
                }
            }
            case PoolEvent.TaskRequeued(String taskId, var attempt) ->
                tell(poolId, taskId, new TaskWaits(PoolRecords.attempt(attempt), null, exits.get(taskId)), now);
            case PoolEvent.TaskBackedOff(String taskId, var attempt, Instant until) ->
                tell(poolId, taskId, new TaskWaits(PoolRecords.attempt(attempt), until, exits.get(taskId)), now);
            case PoolEvent.TaskCompleted completed when pools.isDisowned(poolId, completed.taskId()) -> {
                // Nobody asks for it any more.
            }
            case PoolEvent.TaskCompleted(
                    String taskId,
                    Outcome outcome,
                    Attempt attempt,
                    Optional<Instant> startedAt,
                    Instant _) ->
                tell(
                        poolId,
                        taskId,
                        new TaskEnded(
                                PoolRecords.result(outcome),
                                PoolRecords.exitCode(outcome),
                                outcome.detail(),
                                PoolRecords.attempt(attempt),
                                startedAt.orElse(null)),
                        now);
            case PoolEvent.NodeAdmitted _, PoolEvent.NodeDismissed _, PoolEvent.NodeJoined _, PoolEvent.NodeLost _ ->
                nodesToAll(poolId, now);
            case PoolEvent.GroupIdle(String group, long number) ->
                tell(PoolRecords.owner(group), poolId, "", new TasksIdle(number), now);
            case PoolEvent.TaskQueued _,
                    PoolEvent.TaskNotPlaced _,
                    PoolEvent.TaskPlaced _,
                    PoolEvent.AttemptCoordinated _,
                    PoolEvent.AttemptOver _,
                    PoolEvent.TaskStopping _,
                    PoolEvent.TaskReturning _,
                    PoolEvent.NodeUnheard _,
                    PoolEvent.TaskChanged _,
                    PoolEvent.TaskDisowned _,
                    PoolEvent.TaskForgotten _,
                    PoolEvent.SchedulingChanged _,
                    PoolEvent.NodeDeparting _,
                    PoolEvent.NodeReleased _,
                    PoolEvent.NodeStays _,
                    PoolEvent.GroupRuled _,
                    PoolEvent.Configured _ -> {
                // Owners hear of what changes for them.
            }
        }
    }

    /** Writes to an owner which nodes the pool has. */
    void writeNodes(String poolId, TaskOwner owner, Instant now) {
        nodes(poolId, owner, now);
        write();
    }

    /** Writes to all who hear of the pool's nodes, unless they have: a node that connects again changes nothing. */
    private void nodesToAll(String poolId, Instant now) {
        if (watchers.areNews(poolId, news(poolId))) {
            watchers.of(poolId).forEach(owner -> nodes(poolId, owner, now));
        }
    }

    private void nodes(String poolId, TaskOwner owner, Instant now) {
        tell(owner, poolId, "", news(poolId), now);
    }

    /** Names nodes by name, those that are lost behind all others: where an owner takes so many, none of them has the place of one that lives. */
    private PoolNodes news(String poolId) {
        Pool pool = pools.pool(poolId);
        return new PoolNodes(pool.firstAdmitted(MOST_NODES), pool.present(), capable(pool));
    }

    /** Names nodes by the interpreters that they have: a continuous job runs on those that have its own. */
    private static List<CapableNodes> capable(Pool pool) {
        return Stream.of(ScriptHost.values())
                .map(ScriptHosts::interpreter)
                .map(interpreter -> new CapableNodes(
                        interpreter,
                        pool.firstCapable(interpreter, MOST_CAPABLE),
                        pool.presentCapable(interpreter) > MOST_CAPABLE))
                .filter(nodes -> !nodes.getNodeIds().isEmpty())
                .toList();
    }

    /** Writes to an owner how many tasks of the pool have not ended. */
    void writeTasks(String poolId, TaskOwner owner, Instant now) {
        Pool pool = pools.pool(poolId);
        tell(owner, poolId, "", new PoolTasks(pool.waiting(), pool.running()), now);
        write();
    }

    private void tell(String poolId, String taskId, Object news, Instant now) {
        @Nullable ComputeTask task = pools.task(poolId, taskId);
        if (task != null) {
            tell(task.getOwner(), poolId, taskId, news, now);
        }
    }

    private void tell(TaskOwner owner, String poolId, String taskId, Object news, Instant now) {
        Topic<TaskNews> topic = switch (owner.getKind()) {
            case SITE -> Topics.SITE_TASKS;
            case BATCH_POOL -> Topics.BATCH_POOL_NODES;
            case BATCH_JOB -> Topics.BATCH_JOB_TASKS;
        };
        make(
                Outbox.sink(topic),
                topic,
                Route.byKey(owner.getId()),
                new TaskNews(owner.getId(), poolId, taskId, now, news),
                now);
    }

    private void order(String poolId, NodeOrder order, Instant now) {
        Pool pool = pools.pool(poolId);
        switch (order) {
            case NodeOrder.Join(String node, int gateway, long epoch) ->
                order(new Connection(poolId, node, gateway, epoch), new JoinPool((int) PoolDecider.LEASE.toSeconds()));
            case NodeOrder.Leave(String node, int gateway, long epoch) ->
                order(new Connection(poolId, node, gateway, epoch), new LeavePool());
            case NodeOrder.Grant(String node, long number) -> order(poolId, node, new GrantLease(number));
            case NodeOrder.Start(String node, Token token) -> {
                ComputeTask task = pools.task(poolId, token.taskId());
                TaskState state = pool.task(token.taskId()).orElseThrow().state();
                if (task != null) {
                    order(
                            poolId,
                            node,
                            new StartAttempt(
                                    PoolRecords.token(token),
                                    PoolRecords.attempt(state.attempt()),
                                    GangNews.program(task, state, pool, node),
                                    task.getSlots()));
                }
            }
            case NodeOrder.Proceed(String node, Token token) ->
                order(poolId, node, new ProceedAttempt(PoolRecords.token(token)));
            case NodeOrder.Stop(String node, Token token) ->
                order(poolId, node, new StopAttempt(PoolRecords.token(token)));
            case NodeOrder.Kill(String node, Token token) ->
                order(poolId, node, new KillAttempt(PoolRecords.token(token)));
            case NodeOrder.MoveTo(String node, String to) ->
                make(
                        Outbox.sink(Topics.DEVICE_COMMANDS, PoolProcessor.NAME),
                        Topics.DEVICE_COMMANDS,
                        Route.byKey(node),
                        new DeviceCommand(node, new MoveToPool(poolId, to)),
                        now);
            case NodeOrder.Restart(String node, String boot) -> order(poolId, node, new RestartProgram(boot));
            // Nothing is ordered over such a connection: the gateway may hear it before orders of the same decision.
            case NodeOrder.Disconnect(String node, int gateway, long epoch) ->
                deliver(
                        node,
                        gateway,
                        new CloseConnection(
                                epoch,
                                "Orders over this connection count no more: the node was silent for longer than its"
                                        + " lease, or has left its pool."),
                        now);
        }
    }

    /** Orders over the connection that the node has by its last report. */
    private void order(String poolId, String nodeId, Object order) {
        pools.pool(poolId)
                .node(nodeId)
                .ifPresent(node -> order(new Connection(poolId, nodeId, node.gateway(), node.epoch()), order));
    }

    private void order(Connection to, Object order) {
        ordered.add(new Ordered(to, order));
    }

    private void deliver(String nodeId, int gateway, Object delivery, Instant now) {
        make(
                Outbox.sink(Topics.DELIVERIES, PoolProcessor.NAME),
                Topics.DELIVERIES,
                new Route(nodeId, gateway),
                new Delivery(nodeId, now, delivery),
                now);
    }

    /** Writes to a node that its report of an exit was read. */
    void acknowledge(String poolId, String nodeId, int gateway, long epoch, AcknowledgeExit order, Instant now) {
        at = now;
        order(new Connection(poolId, nodeId, gateway, epoch), order);
        write();
    }

    /** Writes a probe of the partition's own log. */
    void probe(String task, long number, int partition, Instant now) {
        outbox.send(
                Outbox.sink(Topics.POOL_REPORTS, PoolProcessor.NAME),
                Topics.POOL_REPORTS,
                new Route(null, partition),
                new PoolReport(null, null, -1, 0L, now, new PoolProbe(task, number)),
                now);
    }
}
