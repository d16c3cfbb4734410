package io.muster.planner.batchpool.topology;

import io.muster.planner.batchpool.BatchPoolDecider;
import io.muster.planner.batchpool.BatchPoolInput;
import io.muster.planner.batchpool.PoolFormulas;
import io.muster.records.AddBatchPool;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolCommand;
import io.muster.records.BatchPoolEvent;
import io.muster.records.BatchPoolGone;
import io.muster.records.BatchPoolRefused;
import io.muster.records.ChangeBatchPool;
import io.muster.records.DeleteBatchPool;
import io.muster.records.DisableBatchPoolAutoScale;
import io.muster.records.EnableBatchPoolAutoScale;
import io.muster.records.EvaluateBatchPoolFormula;
import io.muster.records.NodesNotFound;
import io.muster.records.PoolNodes;
import io.muster.records.PoolTasks;
import io.muster.records.RemoveBatchPoolNodes;
import io.muster.records.ResizeBatchPool;
import io.muster.records.StopBatchPoolResize;
import io.muster.records.TaskNews;
import io.muster.service.InvalidRecordException;
import io.muster.service.Requester;
import io.muster.service.coordinator.Aggregate;
import io.muster.service.coordinator.Change;
import io.muster.service.coordinator.CoordinatorSpec;
import io.muster.service.coordinator.CoordinatorTask;
import io.muster.service.coordinator.Feed;
import io.muster.service.decider.Decision;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Runs pools of Batch: commands and news of nodes in; events, documents, commands of pools and replies out. For one task. */
public final class BatchPoolAggregate implements Aggregate<BatchPool, BatchPoolInput, BatchPoolEvent> {
    /** Names the coordinator, and its sinks for topics that others write too. */
    public static final String NAME = "batch-pool";

    private static final StoreSpec.OfTopic<BatchPool> POOLS =
            new StoreSpec.OfTopic<>("batch-pools", Topics.BATCH_POOLS);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("batch-pool-numbers", Topics.BATCH_POOLS.partitioning());

    /** Matches the ids of pools that devices' tags can name. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private static final List<Feed<?, BatchPoolAggregate, BatchPoolInput>> FEEDS = List.of(
            Feed.commands(
                    Topics.BATCH_POOL_COMMANDS,
                    command -> command.getPoolId().toLowerCase(Locale.ROOT),
                    (_, command, _) -> inputs(command),
                    BatchPoolRefused.class,
                    BatchPoolAggregate::refused),
            Feed.observations(
                    Topics.BATCH_POOL_NODES, TaskNews::getOwnerId, (aggregate, news, _) -> aggregate.heard(news)));

    private final KeyValueStore<String, BatchPool> pools;
    private final BatchPoolEffects effects;
    private final BatchPoolDecider.Formulas formulas;
    /** Is when the last input was decided about: a reply to a question is of that time. */
    private Instant decidedAt = Instant.EPOCH;

    private BatchPoolAggregate(CoordinatorTask task) {
        this.pools = task.store(POOLS);
        this.effects = new BatchPoolEffects(task.outbox());
        this.formulas = new PoolFormulas();
    }

    /** Declares the coordinator of pools. */
    public static CoordinatorSpec<BatchPool, BatchPoolInput, BatchPoolEvent, BatchPoolAggregate> coordinator() {
        return new CoordinatorSpec<>(
                NAME, POOLS, NUMBERS, List.of(), Topics.BATCH_POOL_EVENTS, List.of(), FEEDS, BatchPoolAggregate::new);
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(POOLS, NUMBERS);
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    private static List<BatchPoolInput> inputs(BatchPoolCommand command) throws InvalidRecordException {
        if (!ID.matcher(command.getPoolId()).matches()) {
            throw new InvalidRecordException("no pool has such an id");
        }
        BatchPoolInput input = switch (command.getCommand()) {
            case AddBatchPool add -> new BatchPoolInput.Add(command.getPoolId(), add);
            case ChangeBatchPool change -> new BatchPoolInput.Change(change);
            case ResizeBatchPool resize -> new BatchPoolInput.Resize(resize);
            case StopBatchPoolResize stop -> new BatchPoolInput.StopResize(stop);
            case RemoveBatchPoolNodes remove -> new BatchPoolInput.RemoveNodes(remove);
            case EnableBatchPoolAutoScale enable -> new BatchPoolInput.EnableAutoScale(enable);
            case DisableBatchPoolAutoScale _ -> new BatchPoolInput.DisableAutoScale();
            case DeleteBatchPool delete -> new BatchPoolInput.Delete(delete);
            case EvaluateBatchPoolFormula evaluate -> new BatchPoolInput.Evaluate(evaluate.getFormula());
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        };
        return switch (input) {
            case BatchPoolInput.Add _ -> List.of(input, new BatchPoolInput.Begin());
            case BatchPoolInput.Resize _,
                    BatchPoolInput.RemoveNodes _,
                    BatchPoolInput.StopResize _,
                    BatchPoolInput.Delete _ -> List.of(input, new BatchPoolInput.Settle());
            default -> List.of(input);
        };
    }

    private List<BatchPoolInput> heard(TaskNews news) throws InvalidRecordException {
        @Nullable BatchPool pool = pools.get(news.getOwnerId());
        if (pool == null) {
            return List.of();
        }
        return switch (news.getNews()) {
            case PoolNodes nodes -> counted(pool, nodes.getTotal());
            case NodesNotFound missing ->
                List.of(new BatchPoolInput.NotFound(missing.getNodeIds()), new BatchPoolInput.Settle());
            case PoolTasks tasks -> tasks(pool, tasks, news.getAt());
            case Object unknown -> throw new InvalidRecordException("unknown news " + unknown.getClass());
        };
    }

    /** Settles what is under way; nodes that came late, behind the end of what asked for them, go back. */
    private static List<BatchPoolInput> counted(BatchPool pool, int nodes) {
        List<BatchPoolInput> inputs =
                new ArrayList<>(List.of(new BatchPoolInput.Counted(nodes), new BatchPoolInput.Settle()));
        int target =
                pool.getDefinition().getTargetDedicated() + pool.getDefinition().getTargetLowPriority();
        if (pool.getResize() == null && nodes > pool.getNodes() && nodes > target) {
            inputs.add(new BatchPoolInput.Begin());
        }
        return inputs;
    }

    private static List<BatchPoolInput> tasks(BatchPool pool, PoolTasks tasks, Instant at) {
        List<BatchPoolInput> inputs =
                new ArrayList<>(List.of(new BatchPoolInput.TasksCounted(tasks.getActive(), tasks.getRunning())));
        @Nullable Instant due = pool.getAutoScaleDue();
        if (due != null && !due.isAfter(at)) {
            inputs.add(new BatchPoolInput.Scale());
            inputs.add(new BatchPoolInput.Begin());
        }
        return inputs;
    }

    @Override
    public Decision<BatchPoolEvent> decide(String id, @Nullable BatchPool pool, BatchPoolInput input, Instant now) {
        decidedAt = now;
        return BatchPoolDecider.decide(pool, input, formulas, now);
    }

    @Override
    public @Nullable BatchPool evolve(@Nullable BatchPool pool, BatchPoolEvent event) {
        return BatchPoolDecider.evolve(pool, event);
    }

    @Override
    public Optional<Instant> due(String id, BatchPool pool, Instant now) {
        return BatchPoolDecider.due(pool);
    }

    @Override
    public List<BatchPoolInput> whenDue(String id, BatchPool pool) {
        return List.of(new BatchPoolInput.Settle(), new BatchPoolInput.Sample());
    }

    @Override
    public void happened(Change<BatchPool, BatchPoolEvent> change) {
        effects.happened(change);
    }

    @Override
    public Optional<Object> removed() {
        return Optional.of(new BatchPoolGone());
    }

    @Override
    public Optional<Object> reply(
            String id, BatchPoolInput input, Decision<BatchPoolEvent> decision, @Nullable BatchPool after) {
        return input instanceof BatchPoolInput.Evaluate(String formula)
                        && decision instanceof Decision.Nothing<BatchPoolEvent>
                        && after != null
                ? Optional.of(formulas.evaluate(formula, after, decidedAt).run())
                : Aggregate.super.reply(id, input, decision, after);
    }

    private void refused(BatchPoolCommand command, BatchPoolRefused refusal, Requester requester, Instant now) {
        if (command.getCommand() instanceof EvaluateBatchPoolFormula) {
            // Changes nothing, refused or not.
            return;
        }
        effects.refused(command, refusal, requester, now);
    }
}
