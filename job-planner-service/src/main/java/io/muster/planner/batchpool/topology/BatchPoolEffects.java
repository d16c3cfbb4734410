package io.muster.planner.batchpool.topology;

import io.muster.planner.batchpool.BatchPools;
import io.muster.planner.batchpool.PoolEventBodies;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolAdded;
import io.muster.records.BatchPoolCommand;
import io.muster.records.BatchPoolDeleted;
import io.muster.records.BatchPoolDeleting;
import io.muster.records.BatchPoolEvent;
import io.muster.records.BatchPoolNodesAsked;
import io.muster.records.BatchPoolRefused;
import io.muster.records.BatchPoolResizeStarted;
import io.muster.records.BatchPoolResized;
import io.muster.records.BatchPoolScaled;
import io.muster.records.BatchPoolTasksAsked;
import io.muster.records.ConfigurePool;
import io.muster.records.CountTasks;
import io.muster.records.Deallocation;
import io.muster.records.MoveNodes;
import io.muster.records.PlacementPolicy;
import io.muster.records.PoolCommand;
import io.muster.records.PoolResize;
import io.muster.records.StopMoves;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.WatchNodes;
import io.muster.service.LogText;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.coordinator.Change;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks pools of nodes for what follows of an event of a pool of Batch, and tells operators what happened. For one task. */
final class BatchPoolEffects {
    private static final Logger LOG = LoggerFactory.getLogger(BatchPoolEffects.class);
    private static final String RESERVE = "$reserve";

    private final Outbox outbox;

    BatchPoolEffects(Outbox outbox) {
        this.outbox = outbox;
    }

    /** Writes what follows of an event, beside the event and the document. */
    void happened(Change<BatchPool, BatchPoolEvent> change) {
        BatchPool pool = Objects.requireNonNull(change.after() == null ? change.before() : change.after());
        String poolId = pool.getPoolId();
        TaskOwner owner = new TaskOwner(TaskOwnerKind.BATCH_POOL, change.id());
        Instant now = change.at();
        switch (change.event().getEvent()) {
            case BatchPoolAdded _ -> {
                publish("PoolCreateEvent", poolId, PoolEventBodies.created(pool), now);
                send(
                        poolId,
                        new ConfigurePool(
                                pool.getDefinition().getSlotsPerNode(),
                                pool.getDefinition().getPolicy(),
                                false,
                                pool.getDefinition().getInterNodeCommunication()),
                        now);
                send(poolId, new WatchNodes(owner, false), now);
            }
            case BatchPoolResizeStarted started -> {
                publish("PoolResizeStartEvent", poolId, PoolEventBodies.resizeStarted(pool, started.getResize()), now);
                ask(pool, started.getResize().getNodeIds(), now);
            }
            case BatchPoolNodesAsked _ -> ask(pool, List.of(), now);
            case BatchPoolDeleting _ -> {
                publish("PoolDeleteStartEvent", poolId, PoolEventBodies.deleting(pool), now);
                ask(pool, List.of(), now);
            }
            case BatchPoolScaled scaled ->
                publish("PoolAutoScaleEvent", poolId, PoolEventBodies.scaled(pool, scaled.getRun()), now);
            case BatchPoolResized resized -> {
                publish(
                        "PoolResizeCompleteEvent",
                        poolId,
                        PoolEventBodies.resizeCompleted(Objects.requireNonNull(change.before()), resized, now),
                        now);
                if (!resized.getErrors().isEmpty()) {
                    send(poolId, new StopMoves(), now);
                }
            }
            case BatchPoolTasksAsked _ -> send(poolId, new CountTasks(owner), now);
            case BatchPoolDeleted _ -> {
                publish("PoolDeleteCompleteEvent", poolId, PoolEventBodies.deleted(pool, now), now);
                send(poolId, new WatchNodes(owner, true), now);
                send(poolId, new ConfigurePool(0, PlacementPolicy.SPREAD, true, false), now);
            }
            default -> {
                // Follows for nobody.
            }
        }
        LOG.info(
                "{} pool={} nodes={} target={}",
                change.event().getEvent().getClass().getSimpleName(),
                LogText.of(poolId),
                pool.getNodes(),
                BatchPools.target(pool));
    }

    /**
     * Asks the reserve for the nodes that a pool lacks, or the pool for those that it has too many.
     *
     * @param named those that are to go, where they are; said once, since they depart from then on, and one that has gone would be taken for one that never was there
     */
    private void ask(BatchPool pool, List<String> named, Instant now) {
        @Nullable PoolResize resize = pool.getResize();
        int lacks = BatchPools.target(pool) - pool.getNodes();
        if (lacks > 0) {
            String size = "vmSize=" + pool.getDefinition().getVmSize().toLowerCase(Locale.ROOT);
            send(RESERVE, new MoveNodes(pool.getPoolId(), lacks, List.of(), List.of(size), Deallocation.REQUEUE), now);
        } else if (lacks < 0 && resize != null) {
            send(pool.getPoolId(), new MoveNodes(RESERVE, -lacks, named, List.of(), resize.getTasks()), now);
        }
    }

    private void publish(String type, String poolId, String body, Instant now) {
        outbox.sendWithHeaders(
                Outbox.sink(Topics.TASK_EVENTS, BatchPoolAggregate.NAME),
                Route.byKey(poolId),
                body.getBytes(StandardCharsets.UTF_8),
                now,
                Outbox.eventHeaders(type, body, now));
    }

    private void send(String poolId, Object command, Instant now) {
        outbox.send(
                Outbox.sink(Topics.POOL_COMMANDS, BatchPoolAggregate.NAME),
                Topics.POOL_COMMANDS,
                Route.byKey(poolId),
                new PoolCommand(poolId, command),
                now);
    }

    /** Writes a refusal where everybody can read it. */
    void refused(BatchPoolCommand command, BatchPoolRefused refusal, Requester requester, Instant now) {
        outbox.send(
                Outbox.sink(Topics.BATCH_POOL_EVENTS),
                Topics.BATCH_POOL_EVENTS,
                Route.byKey(command.getPoolId().toLowerCase(Locale.ROOT)),
                new BatchPoolEvent(command.getPoolId(), now, refusal),
                now,
                requester.requestId());
        LOG.info(
                "{} refused pool={} reason={} \"{}\"",
                command.getCommand().getClass().getSimpleName(),
                LogText.of(command.getPoolId()),
                refusal.getReason(),
                LogText.of(refusal.getMessage()));
    }
}
