package io.muster.planner.pool.topology;

import io.muster.planner.pool.NodeOrder;
import io.muster.planner.pool.Outcome;
import io.muster.planner.pool.Pool;
import io.muster.planner.pool.PoolDecider;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolEvent;
import io.muster.planner.pool.TaskState;
import io.muster.planner.pool.Token;
import io.muster.records.CloseConnection;
import io.muster.records.ComputeTask;
import io.muster.records.Delivery;
import io.muster.records.GrantLease;
import io.muster.records.JoinPool;
import io.muster.records.KillAttempt;
import io.muster.records.LeavePool;
import io.muster.records.PoolEvents;
import io.muster.records.PoolOpened;
import io.muster.records.PoolProbe;
import io.muster.records.PoolReport;
import io.muster.records.StartAttempt;
import io.muster.records.StopAttempt;
import io.muster.records.TaskEnded;
import io.muster.records.TaskNews;
import io.muster.records.TaskOwner;
import io.muster.records.TaskStarted;
import io.muster.records.TaskWaits;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writes what follows of a pool's decisions: events, orders to nodes, and news for the owners of tasks. For one task. */
final class PoolOutbox {
    /** Bounds the events of a record, so that it has room for the longest. */
    private static final int MOST_EVENTS = 500;

    private final Outbox outbox;
    private final PoolTable pools;

    private static final Pattern SITE = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?");

    PoolOutbox(Outbox outbox, PoolTable pools) {
        this.outbox = outbox;
        this.pools = pools;
    }

    /** Writes all of a decision. @param submitted the task of a new one; null where there is none */
    void write(String poolId, Decided decided, @Nullable ComputeTask submitted, Instant now) {
        for (int from = 0; from < decided.events().size(); from += MOST_EVENTS) {
            List<Object> events = new ArrayList<>();
            decided.events()
                    .subList(from, Math.min(from + MOST_EVENTS, decided.events().size()))
                    .forEach(event -> events.add(PoolRecords.event(event, submitted)));
            outbox.send(
                    Outbox.sink(Topics.POOL_EVENTS),
                    Topics.POOL_EVENTS,
                    Route.byKey(poolId),
                    new PoolEvents(poolId, now, events),
                    now);
        }
        decided.events().forEach(event -> tell(poolId, event, now));
        decided.orders().forEach(order -> order(poolId, order, now));
    }

    private void tell(String poolId, PoolEvent event, Instant now) {
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
                    tell(poolId, token.taskId(), new TaskStarted(node, PoolRecords.token(token)), now);
                }
            }
            case PoolEvent.TaskRequeued(String taskId, var attempt) ->
                tell(poolId, taskId, new TaskWaits(PoolRecords.attempt(attempt), null), now);
            case PoolEvent.TaskBackedOff(String taskId, var attempt, Instant until) ->
                tell(poolId, taskId, new TaskWaits(PoolRecords.attempt(attempt), until), now);
            case PoolEvent.TaskCompleted(String taskId, Outcome outcome, Instant _) ->
                tell(
                        poolId,
                        taskId,
                        new TaskEnded(PoolRecords.result(outcome), PoolRecords.exitCode(outcome), outcome.detail()),
                        now);
            case PoolEvent.NodeAdmitted _ -> open(poolId, now);
            case PoolEvent.TaskQueued _,
                    PoolEvent.TaskPlaced _,
                    PoolEvent.AttemptOver _,
                    PoolEvent.TaskStopping _,
                    PoolEvent.TaskForgotten _,
                    PoolEvent.NodeDismissed _,
                    PoolEvent.NodeJoined _,
                    PoolEvent.NodeLost _,
                    PoolEvent.SchedulingChanged _ -> {
                // Owners hear of what changes for them.
            }
        }
    }

    /** Tells the site of the pool's name, if there can be one, that the pool has a node. */
    private void open(String poolId, Instant now) {
        if (SITE.matcher(poolId).matches()) {
            outbox.send(
                    Outbox.sink(Topics.SITE_TASKS),
                    Topics.SITE_TASKS,
                    Route.byKey(poolId),
                    new TaskNews(poolId, poolId, "", now, new PoolOpened()),
                    now);
        }
    }

    private void tell(String poolId, String taskId, Object news, Instant now) {
        @Nullable ComputeTask task = pools.task(poolId, taskId);
        if (task != null) {
            TaskOwner owner = task.getOwner();
            switch (owner.getKind()) {
                case SITE ->
                    outbox.send(
                            Outbox.sink(Topics.SITE_TASKS),
                            Topics.SITE_TASKS,
                            Route.byKey(owner.getId()),
                            new TaskNews(owner.getId(), poolId, taskId, now, news),
                            now);
            }
        }
    }

    private void order(String poolId, NodeOrder order, Instant now) {
        Pool pool = pools.pool(poolId);
        switch (order) {
            case NodeOrder.Join(String node, int gateway, long epoch) ->
                send(poolId, node, gateway, epoch, new JoinPool((int) PoolDecider.LEASE.toSeconds()), now);
            case NodeOrder.Leave(String node, int gateway, long epoch) ->
                send(poolId, node, gateway, epoch, new LeavePool(), now);
            case NodeOrder.Grant(String node, long number) -> send(poolId, node, new GrantLease(number), now);
            case NodeOrder.Start(String node, Token token) -> {
                ComputeTask task = pools.task(poolId, token.taskId());
                TaskState state = pool.task(token.taskId()).orElseThrow().state();
                if (task != null) {
                    send(
                            poolId,
                            node,
                            new StartAttempt(
                                    PoolRecords.token(token), PoolRecords.attempt(state.attempt()), task.getProgram()),
                            now);
                }
            }
            case NodeOrder.Stop(String node, Token token) ->
                send(poolId, node, new StopAttempt(PoolRecords.token(token)), now);
            case NodeOrder.Kill(String node, Token token) ->
                send(poolId, node, new KillAttempt(PoolRecords.token(token)), now);
            case NodeOrder.Disconnect(String node, int gateway, long epoch) ->
                deliver(
                        node,
                        gateway,
                        new CloseConnection(epoch, "The node was not heard of for longer than its lease."),
                        now);
        }
    }

    /** Sends over the connection that the node has by its last report. */
    private void send(String poolId, String nodeId, Object order, Instant now) {
        pools.pool(poolId)
                .node(nodeId)
                .ifPresent(node -> send(poolId, nodeId, node.gateway(), node.epoch(), order, now));
    }

    /** Sends an order over a connection. */
    void send(String poolId, String nodeId, int gateway, long epoch, Object order, Instant now) {
        deliver(nodeId, gateway, new io.muster.records.NodeOrder(epoch, poolId, order), now);
    }

    private void deliver(String nodeId, int gateway, Object delivery, Instant now) {
        outbox.send(
                Outbox.sink(Topics.DELIVERIES, PoolProcessor.NAME),
                Topics.DELIVERIES,
                new Route(nodeId, gateway),
                new Delivery(nodeId, now, delivery),
                now);
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
