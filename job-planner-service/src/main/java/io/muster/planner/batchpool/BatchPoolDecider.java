package io.muster.planner.batchpool;

import io.muster.records.AllocationState;
import io.muster.records.AutoScale;
import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolAdded;
import io.muster.records.BatchPoolChanged;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchPoolDeleted;
import io.muster.records.BatchPoolDeleting;
import io.muster.records.BatchPoolEvent;
import io.muster.records.BatchPoolNodesAsked;
import io.muster.records.BatchPoolNodesCounted;
import io.muster.records.BatchPoolNodesNotFound;
import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchPoolRefused;
import io.muster.records.BatchPoolResizeStarted;
import io.muster.records.BatchPoolResizeStopping;
import io.muster.records.BatchPoolResized;
import io.muster.records.BatchPoolSampled;
import io.muster.records.BatchPoolScaled;
import io.muster.records.BatchPoolState;
import io.muster.records.BatchPoolTasksAsked;
import io.muster.records.ChangeBatchPool;
import io.muster.records.Deallocation;
import io.muster.records.EnableBatchPoolAutoScale;
import io.muster.records.PoolResize;
import io.muster.records.PoolSample;
import io.muster.records.RemoveBatchPoolNodes;
import io.muster.records.ResizeBatchPool;
import io.muster.records.ResizeError;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides about one pool of Batch. Machines are as they are: a target is a request. A pool that has too few nodes asks the reserve for those of its size, again
 * every few seconds until it has them or the time of the resize is over; one that has too many sends some back. Contract: batch, 3.1 and 3.5.
 *
 * <pre>
 * (none) --Add--> STEADY --Resize, RemoveNodes, Begin--> RESIZING --Settle: as many as asked, or too late--> STEADY
 *                                                        RESIZING --StopResize--> STOPPING --Settle--> STEADY
 *        any --Delete--> DELETING --Settle: no node is left--> (none)
 * </pre>
 */
public final class BatchPoolDecider {
    /** Passes before other pools are asked again for nodes that have not come. */
    static final Duration AGAIN = Duration.ofSeconds(5);

    /** Passes between two samples of a pool whose formula decides. */
    static final Duration SAMPLED = Duration.ofSeconds(30);

    private static final Duration SAMPLES_KEPT = Duration.ofHours(1);
    private static final Duration ENDLESS = Duration.ofDays(36_500);

    /** Says that a resize came to its target. */
    public static final String SUCCESS = "Success";

    private static final String TIMED_OUT = "AllocationTimedOut";
    private static final String STOPPED = "ResizeStopped";

    private BatchPoolDecider() {}

    /** Evaluates formulas. */
    public interface Formulas {
        /** Evaluates a formula over a pool. */
        Outcome evaluate(String formula, BatchPool pool, Instant now);

        /** Returns why a formula can't be one, as a sentence; empty where it can. */
        Optional<String> fault(String formula);

        /** Holds what a formula came to. @param dedicated empty for as it is */
        record Outcome(AutoScaleRun run, Optional<Integer> dedicated, Optional<Integer> lowPriority) {}
    }

    /** Decides what comes of an input. @param pool null where there is none of that id */
    public static Decision<BatchPoolEvent> decide(
            @Nullable BatchPool pool, BatchPoolInput input, Formulas formulas, Instant now) {
        if (input instanceof BatchPoolInput.Add add) {
            return add(pool, add, formulas, now);
        }
        if (pool == null) {
            return isCommand(input)
                    ? refused(BatchPoolRefusalReason.POOL_NOT_FOUND, "The specified pool does not exist.")
                    : new Decision.Nothing<>();
        }
        if (isOutdated(pool, input)) {
            return refused(
                    BatchPoolRefusalReason.CHANGED_MEANWHILE,
                    "The pool is not of the version that the condition of the request names.");
        }
        if (pool.getState() == BatchPoolState.DELETING && isCommand(input)) {
            return refused(BatchPoolRefusalReason.POOL_BEING_DELETED, "The specified pool is being deleted.");
        }
        return switch (input) {
            case BatchPoolInput.Add _ -> throw new IllegalStateException("it was handled before");
            case BatchPoolInput.Change(ChangeBatchPool asked) -> change(pool, asked, now);
            case BatchPoolInput.Resize(ResizeBatchPool asked) -> resize(pool, asked, now);
            case BatchPoolInput.RemoveNodes(RemoveBatchPoolNodes asked) -> remove(pool, asked, now);
            case BatchPoolInput.StopResize _ ->
                pool.getAllocation() == AllocationState.RESIZING
                        ? happened(pool, new BatchPoolResizeStopping(), now)
                        : refused(BatchPoolRefusalReason.NOT_RESIZING, "There is no resize to stop.");
            case BatchPoolInput.EnableAutoScale(EnableBatchPoolAutoScale asked) -> enable(pool, asked, formulas, now);
            case BatchPoolInput.DisableAutoScale _ ->
                pool.getDefinition().getAutoScale() == null
                        ? notScaled()
                        : happened(pool, changed(pool, builder -> builder.setAutoScale(null)), now);
            case BatchPoolInput.Delete _ ->
                happened(
                        pool,
                        new BatchPoolDeleting(resizing(pool, now, ENDLESS, Deallocation.TERMINATE, List.of(), true)),
                        now);
            case BatchPoolInput.Evaluate(String formula) -> evaluate(pool, formula);
            case BatchPoolInput.Counted(int nodes) ->
                nodes == pool.getNodes()
                        ? new Decision.Nothing<>()
                        : happened(pool, new BatchPoolNodesCounted(nodes), now);
            case BatchPoolInput.NotFound(List<String> nodes) -> notFound(pool, nodes, now);
            case BatchPoolInput.TasksCounted(int active, int running) -> sampled(pool, active, running, now);
            case BatchPoolInput.Scale _ -> scale(pool, formulas, now);
            case BatchPoolInput.Begin _ -> begin(pool, now);
            case BatchPoolInput.Settle _ -> settle(pool, now);
            case BatchPoolInput.Sample _ ->
                isDue(pool.getSampleDue(), now)
                        ? happened(pool, new BatchPoolTasksAsked(now.plus(SAMPLED)), now)
                        : new Decision.Nothing<>();
        };
    }

    private static Decision<BatchPoolEvent> notScaled() {
        return refused(BatchPoolRefusalReason.AUTO_SCALE_NOT_ENABLED, "Automatic scaling is not enabled for the pool.");
    }

    /** Refuses a question that has no answer; the answer itself is no event. */
    private static Decision<BatchPoolEvent> evaluate(BatchPool pool, String formula) {
        if (pool.getDefinition().getAutoScale() == null) {
            return notScaled();
        }
        return BatchPoolRules.formulaFault(formula)
                .map(BatchPoolDecider::invalidFormula)
                .orElseGet(Decision.Nothing::new);
    }

    private static boolean isCommand(BatchPoolInput input) {
        return switch (input) {
            case BatchPoolInput.Add _,
                    BatchPoolInput.Change _,
                    BatchPoolInput.Resize _,
                    BatchPoolInput.StopResize _,
                    BatchPoolInput.RemoveNodes _,
                    BatchPoolInput.EnableAutoScale _,
                    BatchPoolInput.DisableAutoScale _,
                    BatchPoolInput.Delete _,
                    BatchPoolInput.Evaluate _ -> true;
            case BatchPoolInput.Counted _,
                    BatchPoolInput.NotFound _,
                    BatchPoolInput.TasksCounted _,
                    BatchPoolInput.Scale _,
                    BatchPoolInput.Begin _,
                    BatchPoolInput.Settle _,
                    BatchPoolInput.Sample _ -> false;
        };
    }

    private static boolean isOutdated(BatchPool pool, BatchPoolInput input) {
        @Nullable
        Long asked = switch (input) {
            case BatchPoolInput.Change(var change) -> change.getIfRevision();
            case BatchPoolInput.Resize(var resize) -> resize.getIfRevision();
            case BatchPoolInput.StopResize(var stop) -> stop.getIfRevision();
            case BatchPoolInput.RemoveNodes(var remove) -> remove.getIfRevision();
            case BatchPoolInput.EnableAutoScale(var enable) -> enable.getIfRevision();
            case BatchPoolInput.Delete(var delete) -> delete.getIfRevision();
            default -> null;
        };
        return asked != null && asked != pool.getRevision();
    }

    private static Decision<BatchPoolEvent> add(
            @Nullable BatchPool pool, BatchPoolInput.Add add, Formulas formulas, Instant now) {
        if (pool != null) {
            return refused(BatchPoolRefusalReason.POOL_EXISTS, "The specified pool already exists.");
        }
        BatchPoolDefinition definition = add.asked().getDefinition();
        Optional<BatchPoolRefused> text = BatchPoolRules.fault(definition);
        if (text.isPresent()) {
            return new Decision.Refused<>(text.get());
        }
        Optional<String> fault = BatchPoolRules.formulaFault(definition.getAutoScale())
                .or(() -> Optional.ofNullable(definition.getAutoScale())
                        .flatMap(scale -> formulas.fault(scale.getFormula())));
        if (fault.isPresent()) {
            return invalidFormula(fault.get());
        }
        return new Decision.Happened<>(new BatchPoolEvent(add.poolId(), now, new BatchPoolAdded(definition)));
    }

    private static Decision<BatchPoolEvent> invalidFormula(String fault) {
        return new Decision.Refused<>(
                new BatchPoolRefused(BatchPoolRefusalReason.INVALID, fault, "autoScaleFormula", null));
    }

    private static Decision<BatchPoolEvent> change(BatchPool pool, ChangeBatchPool asked, Instant now) {
        if (asked.getMetadata() == null) {
            return new Decision.Nothing<>();
        }
        Optional<BatchPoolRefused> fault = BatchPoolRules.metadataFault(asked.getMetadata());
        return fault.isPresent()
                ? new Decision.Refused<>(fault.get())
                : happened(pool, changed(pool, builder -> builder.setMetadata(asked.getMetadata())), now);
    }

    private static BatchPoolChanged changed(
            BatchPool pool, Function<BatchPoolDefinition.Builder, BatchPoolDefinition.Builder> change) {
        return new BatchPoolChanged(with(pool, change));
    }

    private static BatchPoolDefinition with(
            BatchPool pool, Function<BatchPoolDefinition.Builder, BatchPoolDefinition.Builder> change) {
        return change.apply(BatchPoolDefinition.newBuilder(pool.getDefinition()))
                .build();
    }

    private static Optional<Decision<BatchPoolEvent>> whyNotResized(BatchPool pool) {
        if (pool.getDefinition().getAutoScale() != null) {
            return Optional.of(refused(
                    BatchPoolRefusalReason.AUTO_SCALE_ENABLED,
                    "The pool has automatic scaling enabled: disable that first."));
        }
        return pool.getAllocation() == AllocationState.STEADY
                ? Optional.empty()
                : Optional.of(refused(
                        BatchPoolRefusalReason.POOL_BEING_RESIZED,
                        "The pool is being resized: stop that first, or wait for its end."));
    }

    private static Decision<BatchPoolEvent> resize(BatchPool pool, ResizeBatchPool asked, Instant now) {
        return whyNotResized(pool)
                .orElseGet(() -> start(
                        pool,
                        with(
                                pool,
                                builder -> builder.setTargetDedicated(
                                                or(asked.getTargetDedicated(), builder.getTargetDedicated()))
                                        .setTargetLowPriority(
                                                or(asked.getTargetLowPriority(), builder.getTargetLowPriority()))),
                        timeout(pool, asked.getTimeoutMillis()),
                        asked.getTasks(),
                        List.of(),
                        now));
    }

    private static Duration timeout(BatchPool pool, @Nullable Long millis) {
        return Duration.ofMillis(millis == null ? pool.getDefinition().getResizeTimeoutMillis() : millis);
    }

    private static int or(@Nullable Integer asked, int known) {
        return asked == null ? known : asked;
    }

    /** Has as many nodes stay as are not named: the target follows what the pool has. */
    private static Decision<BatchPoolEvent> remove(BatchPool pool, RemoveBatchPoolNodes asked, Instant now) {
        int left = Math.max(
                0,
                pool.getNodes() - (int) asked.getNodeIds().stream().distinct().count());
        return whyNotResized(pool)
                .orElseGet(() -> start(
                        pool,
                        target(pool.getDefinition(), pool.getDefinition().getTargetDedicated(), left),
                        timeout(pool, asked.getTimeoutMillis()),
                        asked.getTasks(),
                        asked.getNodeIds(),
                        now));
    }

    /** Returns a definition whose targets are so many in all: dedicated ones first. */
    private static BatchPoolDefinition target(BatchPoolDefinition definition, int mostDedicated, int total) {
        int dedicated = Math.min(mostDedicated, total);
        return BatchPoolDefinition.newBuilder(definition)
                .setTargetDedicated(dedicated)
                .setTargetLowPriority(total - dedicated)
                .build();
    }

    private static Decision<BatchPoolEvent> start(
            BatchPool pool,
            BatchPoolDefinition definition,
            Duration timeout,
            Deallocation tasks,
            List<String> nodes,
            Instant now) {
        boolean shrinks = !nodes.isEmpty() || BatchPools.target(definition) < pool.getNodes();
        return happened(
                pool, new BatchPoolResizeStarted(definition, resizing(pool, now, timeout, tasks, nodes, shrinks)), now);
    }

    private static PoolResize resizing(
            BatchPool pool, Instant now, Duration timeout, Deallocation tasks, List<String> nodes, boolean shrinks) {
        int dedicated = pool.getDefinition().getTargetDedicated();
        return new PoolResize(now, now.plus(timeout), tasks, now.plus(AGAIN), nodes, shrinks, dedicated);
    }

    /** Has a resize go on without the nodes that the pool doesn't have. */
    private static Decision<BatchPoolEvent> notFound(BatchPool pool, List<String> missing, Instant now) {
        @Nullable PoolResize resize = pool.getResize();
        List<String> named = resize == null
                ? List.of()
                : resize.getNodeIds().stream().distinct().toList();
        List<String> left =
                named.stream().filter(node -> !missing.contains(node)).toList();
        return resize == null || left.size() == named.size()
                ? new Decision.Nothing<>()
                : happened(
                        pool,
                        new BatchPoolNodesNotFound(
                                target(
                                        pool.getDefinition(),
                                        resize.getDedicatedBefore(),
                                        BatchPools.target(pool) + named.size() - left.size()),
                                PoolResize.newBuilder(resize).setNodeIds(left).build()),
                        now);
    }

    private static Decision<BatchPoolEvent> enable(
            BatchPool pool, EnableBatchPoolAutoScale asked, Formulas formulas, Instant now) {
        @Nullable AutoScale before = pool.getDefinition().getAutoScale();
        if (before == null && pool.getAllocation() != AllocationState.STEADY) {
            return refused(
                    BatchPoolRefusalReason.POOL_BEING_RESIZED,
                    "The pool is being resized: stop that first, or wait for its end.");
        }
        @Nullable
        String formula = asked.getFormula() == null && before != null ? before.getFormula() : asked.getFormula();
        if (formula == null) {
            return invalidFormula("A formula is required where automatic scaling is not enabled yet.");
        }
        Optional<String> fault = BatchPoolRules.formulaFault(formula).or(() -> formulas.fault(formula));
        if (fault.isPresent()) {
            return invalidFormula(fault.get());
        }
        long interval = Optional.ofNullable(asked.getIntervalMillis())
                .or(() -> Optional.ofNullable(before).map(AutoScale::getIntervalMillis))
                .orElse(Duration.ofMinutes(15).toMillis());
        return happened(pool, changed(pool, builder -> builder.setAutoScale(new AutoScale(formula, interval))), now);
    }

    private static Decision<BatchPoolEvent> sampled(BatchPool pool, int active, int running, Instant now) {
        return pool.getDefinition().getAutoScale() == null
                ? new Decision.Nothing<>()
                : happened(pool, new BatchPoolSampled(new PoolSample(now, active, running, pool.getNodes())), now);
    }

    private static Decision<BatchPoolEvent> scale(BatchPool pool, Formulas formulas, Instant now) {
        @Nullable AutoScale scale = pool.getDefinition().getAutoScale();
        if (scale == null || pool.getState() != BatchPoolState.ACTIVE || !isDue(pool.getAutoScaleDue(), now)) {
            return new Decision.Nothing<>();
        }
        Formulas.Outcome outcome = formulas.evaluate(scale.getFormula(), pool, now);
        BatchPoolDefinition definition = with(
                pool,
                builder -> builder.setTargetDedicated(outcome.dedicated().orElse(builder.getTargetDedicated()))
                        .setTargetLowPriority(outcome.lowPriority().orElse(builder.getTargetLowPriority())));
        return happened(
                pool, new BatchPoolScaled(outcome.run(), definition, now.plusMillis(scale.getIntervalMillis())), now);
    }

    private static Decision<BatchPoolEvent> begin(BatchPool pool, Instant now) {
        return pool.getState() == BatchPoolState.ACTIVE
                        && pool.getAllocation() == AllocationState.STEADY
                        && pool.getNodes() != BatchPools.target(pool)
                ? start(pool, pool.getDefinition(), timeout(pool, null), Deallocation.REQUEUE, List.of(), now)
                : new Decision.Nothing<>();
    }

    private static Decision<BatchPoolEvent> settle(BatchPool pool, Instant now) {
        @Nullable PoolResize resize = pool.getResize();
        if (resize == null) {
            return new Decision.Nothing<>();
        }
        if (pool.getState() == BatchPoolState.DELETING && pool.getNodes() == 0) {
            return happened(pool, new BatchPoolDeleted(), now);
        }
        if (pool.getAllocation() == AllocationState.STOPPING) {
            return resized(pool, resize, STOPPED, "The resize was stopped before it came to its target.", now);
        }
        if (pool.getState() == BatchPoolState.ACTIVE && pool.getNodes() == BatchPools.target(pool)) {
            return resized(pool, resize, SUCCESS, "The operation succeeded", now);
        }
        if (isDue(resize.getUntil(), now)) {
            return resized(
                    pool,
                    resize,
                    TIMED_OUT,
                    "Desired number of nodes could not be allocated as the resize timeout was reached",
                    now);
        }
        return isDue(resize.getAskAt(), now)
                ? happened(pool, new BatchPoolNodesAsked(now.plus(AGAIN)), now)
                : new Decision.Nothing<>();
    }

    private static Decision<BatchPoolEvent> resized(
            BatchPool pool, PoolResize resize, String code, String message, Instant now) {
        List<ResizeError> errors = code.equals(SUCCESS) ? List.of() : List.of(new ResizeError(code, message));
        return happened(
                pool, new BatchPoolResized(code, message, errors, pool.getDefinition(), resize.getStartedAt()), now);
    }

    private static boolean isDue(@Nullable Instant at, Instant now) {
        return at != null && !at.isAfter(now);
    }

    private static Decision<BatchPoolEvent> happened(BatchPool pool, Object event, Instant now) {
        return new Decision.Happened<>(new BatchPoolEvent(pool.getPoolId(), now, event));
    }

    private static Decision<BatchPoolEvent> refused(BatchPoolRefusalReason reason, String message) {
        return new Decision.Refused<>(new BatchPoolRefused(reason, message, null, null));
    }

    /** Returns the pool behind an event; null where it is gone. */
    public static @Nullable BatchPool evolve(@Nullable BatchPool pool, BatchPoolEvent event) {
        Instant at = event.getAt();
        if (event.getEvent() instanceof BatchPoolAdded added) {
            return added(event.getPoolId(), added.getDefinition(), at);
        }
        BatchPool before = Objects.requireNonNull(pool, "a pool is added before anything else");
        BatchPool.Builder changed = BatchPool.newBuilder(before);
        switch (event.getEvent()) {
            case BatchPoolChanged change -> {
                changed.setDefinition(change.getDefinition()).setChangedAt(at);
                schedule(changed, before, at);
            }
            case BatchPoolResizeStarted started ->
                allocation(changed, AllocationState.RESIZING, at)
                        .setDefinition(started.getDefinition())
                        .setResize(started.getResize())
                        .setErrors(List.of())
                        .setChangedAt(at);
            case BatchPoolNodesAsked asked ->
                changed.setResize(PoolResize.newBuilder(Objects.requireNonNull(before.getResize()))
                        .setAskAt(asked.getAskAt())
                        .build());
            case BatchPoolNodesNotFound missing ->
                changed.setDefinition(missing.getDefinition()).setResize(missing.getResize());
            case BatchPoolResizeStopping _ -> allocation(changed, AllocationState.STOPPING, at);
            case BatchPoolResized resized ->
                allocation(changed, AllocationState.STEADY, at).setResize(null).setErrors(resized.getErrors());
            case BatchPoolNodesCounted counted -> changed.setNodes(counted.getNodes());
            case BatchPoolTasksAsked asked -> changed.setSampleDue(asked.getAgain());
            case BatchPoolSampled sampled -> changed.setSamples(samples(before, sampled.getSample()));
            case BatchPoolScaled scaled ->
                changed.setAutoScaleRun(scaled.getRun())
                        .setDefinition(scaled.getDefinition())
                        .setAutoScaleDue(scaled.getDue());
            case BatchPoolDeleting deleting ->
                allocation(changed, AllocationState.RESIZING, at)
                        .setState(BatchPoolState.DELETING)
                        .setStateSince(at)
                        .setResize(deleting.getResize());
            case BatchPoolDeleted _ -> {
                return null;
            }
            default -> throw new IllegalStateException("not an event of a pool: " + event);
        }
        if (isVisible(event.getEvent())) {
            changed.setRevision(before.getRevision() + 1);
        }
        return changed.build();
    }

    private static boolean isVisible(Object event) {
        return !(event instanceof BatchPoolNodesAsked
                || event instanceof BatchPoolTasksAsked
                || event instanceof BatchPoolSampled);
    }

    private static BatchPool added(String poolId, BatchPoolDefinition definition, Instant at) {
        @Nullable Instant due = definition.getAutoScale() == null ? null : at;
        return BatchPool.newBuilder()
                .setPoolId(poolId)
                .setRevision(1)
                .setDefinition(definition)
                .setState(BatchPoolState.ACTIVE)
                .setAllocation(AllocationState.STEADY)
                .setCreatedAt(at)
                .setChangedAt(at)
                .setStateSince(at)
                .setAllocationSince(at)
                .setAutoScaleDue(due)
                .setSampleDue(due)
                .build();
    }

    /** Has the formula be evaluated at once where it is another one, and never where there is none. */
    private static void schedule(BatchPool.Builder changed, BatchPool before, Instant at) {
        @Nullable AutoScale scale = changed.getDefinition().getAutoScale();
        if (!Objects.equals(scale, before.getDefinition().getAutoScale())) {
            @Nullable Instant due = scale == null ? null : at;
            changed.setAutoScaleDue(due).setSampleDue(due);
            if (scale == null) {
                changed.setSamples(List.of()).setAutoScaleRun(null);
            }
        }
    }

    private static BatchPool.Builder allocation(BatchPool.Builder changed, AllocationState state, Instant at) {
        return changed.setAllocation(state).setAllocationSince(at);
    }

    private static List<PoolSample> samples(BatchPool pool, PoolSample sample) {
        Instant first = sample.getAt().minus(SAMPLES_KEPT);
        List<PoolSample> kept = new ArrayList<>(pool.getSamples().stream()
                .filter(known -> known.getAt().isAfter(first))
                .toList());
        kept.add(sample);
        return kept;
    }

    /** Returns when time itself is an input. */
    public static Optional<Instant> due(BatchPool pool) {
        @Nullable PoolResize resize = pool.getResize();
        Stream<@Nullable Instant> times = Stream.of(
                resize == null ? null : resize.getAskAt(),
                resize == null ? null : resize.getUntil(),
                pool.getAllocation() == AllocationState.STOPPING ? pool.getAllocationSince() : null,
                pool.getSampleDue());
        return times.flatMap(Stream::ofNullable).min(Instant::compareTo);
    }
}
