package io.muster.planner.batch.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.planner.batch.BatchIds;
import io.muster.planner.batch.BatchJobSchedules;
import io.muster.planner.batch.BatchTaskPrograms;
import io.muster.planner.order.OrderReports;
import io.muster.planner.pool.Attempt;
import io.muster.planner.pool.Outcome;
import io.muster.planner.pool.topology.TaskEventBodies;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobBegun;
import io.muster.records.BatchJobCommand;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchJobGone;
import io.muster.records.BatchJobMoved;
import io.muster.records.BatchJobRevised;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.BatchTaskFacts;
import io.muster.records.BatchTaskFinished;
import io.muster.records.BatchTaskGone;
import io.muster.records.BatchTaskQueued;
import io.muster.records.BatchTaskRevised;
import io.muster.records.BatchTaskStopping;
import io.muster.records.BatchTasksMoving;
import io.muster.records.ComputeTask;
import io.muster.records.PoolCommand;
import io.muster.records.RuleTasks;
import io.muster.records.StopTask;
import io.muster.records.SubmitTasks;
import io.muster.records.WithdrawTask;
import io.muster.service.LogText;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.coordinator.Change;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells pools what follows of the events of a job of Batch, and operators what happened. For one task. */
final class BatchJobEffects {
    private static final Logger LOG = LoggerFactory.getLogger(BatchJobEffects.class);

    /** Bounds the characters of the tasks of a command to a pool, which has room for the longest one beside. */
    private static final int MOST_CHARACTERS = 128 << 10;

    private final Outbox outbox;
    private final MeterRegistry meters;
    private final BatchTaskTable tasks;
    private final OrderReports reports;

    BatchJobEffects(Outbox outbox, MeterRegistry meters, BatchTaskTable tasks) {
        this.outbox = outbox;
        this.meters = meters;
        this.tasks = tasks;
        this.reports = new OrderReports(outbox, BatchJobAggregate.NAME);
    }

    /** Keeps what an event changes, and writes what follows. */
    void happened(Change<BatchJob, BatchJobEvent> change) {
        List<BatchTaskStopping> stopping = new ArrayList<>();
        List<BatchTaskGone> gone = new ArrayList<>();
        List<BatchTaskQueued> queued = new ArrayList<>();
        List<BatchTaskRevised> revised = new ArrayList<>();
        List<BatchTaskFinished> ended = new ArrayList<>();
        List<BatchTasksMoving> left = new ArrayList<>();
        for (Object part : change.event().getEvents()) {
            rule(change, part);
            switch (part) {
                case BatchTaskStopping each -> stopping.add(each);
                case BatchTaskGone each -> gone.add(each);
                case BatchTaskQueued each -> queued.add(each);
                case BatchTaskRevised each -> revised.add(each);
                case BatchTaskFinished each when each.getEndedAt() == null -> ended.add(each);
                case BatchTasksMoving each when each.getOver() -> left.add(each);
                case BatchJobMoved moved ->
                    LOG.info(
                            "{} job={} reason={}",
                            moved.getState(),
                            LogText.of(change.id()),
                            LogText.of(String.valueOf(moved.getReason())));
                default -> {
                    // Follows for nobody.
                }
            }
        }
        stopping.forEach(each -> stop(change, each));
        gone.forEach(each -> withdraw(change, each.getTaskId(), Optional.empty()));
        queued.forEach(each -> withdraw(change, each.getTaskId(), Optional.of(each.getPoolId())));
        // Behind them: a pool that rules the job no more places what it still has of it.
        left.forEach(each -> send(each.getFrom(), BatchTaskPrograms.noRule(current(change)), change.at()));
        tasks.keep(change.id(), change.event());
        revised.forEach(each -> revise(change, each));
        ended.forEach(each -> ended(change, each));
        submit(change, queued);
        report(change);
    }

    /** Tells the schedule that made the job of its end: when it is completed, or gone without that. */
    private void report(Change<BatchJob, BatchJobEvent> change) {
        @Nullable BatchJob before = change.before();
        @Nullable BatchJob after = change.after();
        boolean isOverNow = after == null || after.getEndedAt() != null;
        if (before != null && before.getEndedAt() == null && isOverNow) {
            reports.succeeded(
                    before.getOrder(),
                    BatchJobSchedules.over(after == null ? before : after, after == null),
                    change.at());
        }
    }

    /** Tells a schedule, which has asked, how its job is over. */
    void reportAgain(BatchJobCommand command, BatchRefused over, Instant now) {
        if (over.getReason() == BatchRefusalReason.JOB_COMPLETED) {
            reports.succeeded(command.getOrder(), over.getMessage(), now);
        } else {
            reports.failed(command.getOrder(), over.getMessage(), now);
        }
    }

    /** Says to the pool how the job's tasks are placed, where that is another way than before. */
    private void rule(Change<BatchJob, BatchJobEvent> change, Object part) {
        @Nullable BatchJob before = change.before();
        BatchJob job = current(change);
        switch (part) {
            case BatchJobBegun begun
            when begun.getDefinition().getMaxParallelTasks() >= 0 ->
                send(job.getDefinition().getPoolId(), BatchTaskPrograms.rule(job), change.at());
            case BatchJobRevised _
            when before != null && isPlacedOtherwise(before, job) ->
                send(job.getDefinition().getPoolId(), BatchTaskPrograms.rule(job), change.at());
            case BatchJobMoved moved ->
                moved(job, moved).ifPresent(rule -> send(job.getDefinition().getPoolId(), rule, change.at()));
            case BatchJobGone _ -> send(job.getDefinition().getPoolId(), BatchTaskPrograms.noRule(job), change.at());
            default -> {
                // Leaves it as it was.
            }
        }
    }

    private static BatchJob current(Change<BatchJob, BatchJobEvent> change) {
        return Objects.requireNonNull(change.after() == null ? change.before() : change.after());
    }

    private static Optional<RuleTasks> moved(BatchJob job, BatchJobMoved moved) {
        return switch (moved.getState()) {
            case DISABLING, ACTIVE -> Optional.of(BatchTaskPrograms.rule(job));
            case COMPLETED -> Optional.of(BatchTaskPrograms.noRule(job));
            case DISABLED, ENABLING, TERMINATING, DELETING -> Optional.empty();
        };
    }

    private static boolean isPlacedOtherwise(BatchJob before, BatchJob after) {
        return !before.getDefinition().getPoolId().equals(after.getDefinition().getPoolId())
                || before.getDefinition().getPriority() != after.getDefinition().getPriority()
                || before.getDefinition().getMaxParallelTasks()
                        != after.getDefinition().getMaxParallelTasks();
    }

    private void stop(Change<BatchJob, BatchJobEvent> change, BatchTaskStopping each) {
        tasks.of(change.id())
                .task(each.getTaskId())
                .filter(row -> row.getQueuedIn() != null)
                .ifPresent(row -> send(
                        Objects.requireNonNull(row.getQueuedIn()),
                        new StopTask(BatchIds.inPool(change.id(), each.getTaskId(), row.getNumber())),
                        change.at()));
    }

    /** Takes a task from the pool that has it, where that is not the one to which it is given. @param to empty where the task is deleted */
    private void withdraw(Change<BatchJob, BatchJobEvent> change, String taskId, Optional<String> to) {
        tasks.of(change.id())
                .task(taskId)
                .filter(row -> row.getQueuedIn() != null && !row.getQueuedIn().equals(to.orElse(null)))
                .ifPresent(row -> send(
                        Objects.requireNonNull(row.getQueuedIn()),
                        new WithdrawTask(BatchIds.inPool(change.id(), taskId, row.getNumber())),
                        change.at()));
    }

    /** Writes the events of the end of a task that no pool had: pools write those of theirs. */
    private void ended(Change<BatchJob, BatchJobEvent> change, BatchTaskFinished each) {
        BatchJob job = Objects.requireNonNull(change.after());
        tasks.of(change.id())
                .task(each.getTaskId())
                .map(row -> BatchTaskPrograms.of(job, row))
                .ifPresent(task -> ended(job, task, change.at()));
    }

    private void ended(BatchJob job, ComputeTask task, Instant at) {
        BatchTaskFacts facts = Objects.requireNonNull(task.getBatch());
        String body = TaskEventBodies.end(
                facts,
                task,
                job.getDefinition().getPoolId(),
                TaskEventBodies.NO_NODE,
                Attempt.FIRST,
                Outcome.without(Outcome.Result.STOPPED),
                Optional.empty(),
                at);
        for (String type : List.of("TaskCompleteEvent", "TaskFailEvent")) {
            outbox.sendWithHeaders(
                    Outbox.sink(Topics.TASK_EVENTS, BatchJobAggregate.NAME),
                    Route.byKey(facts.getJobId() + "/" + facts.getTaskId()),
                    body.getBytes(StandardCharsets.UTF_8),
                    at,
                    Outbox.eventHeaders(type, body, at));
        }
    }

    private void revise(Change<BatchJob, BatchJobEvent> change, BatchTaskRevised each) {
        BatchJob job = Objects.requireNonNull(change.after());
        tasks.of(change.id())
                .task(each.getTaskId())
                .filter(row -> row.getQueuedIn() != null)
                .ifPresent(row -> send(
                        Objects.requireNonNull(row.getQueuedIn()), BatchTaskPrograms.change(job, row), change.at()));
    }

    private void submit(Change<BatchJob, BatchJobEvent> change, List<BatchTaskQueued> queued) {
        if (queued.isEmpty()) {
            return;
        }
        BatchJob job = Objects.requireNonNull(change.after());
        List<ComputeTask> batch = new ArrayList<>();
        long characters = 0;
        for (BatchTaskQueued each : queued) {
            ComputeTask task = tasks.of(change.id())
                    .task(each.getTaskId())
                    .map(row -> BatchTaskPrograms.of(job, row))
                    .orElseThrow();
            batch.add(task);
            characters += characters(task);
            if (characters > MOST_CHARACTERS) {
                send(each.getPoolId(), new SubmitTasks(List.copyOf(batch)), change.at());
                batch.clear();
                characters = 0;
            }
        }
        if (!batch.isEmpty()) {
            send(queued.getLast().getPoolId(), new SubmitTasks(List.copyOf(batch)), change.at());
        }
    }

    private static long characters(ComputeTask task) {
        return Stream.of(task.getProgram().getCommand(), task.getProgram().getCoordination())
                        .flatMap(List::stream)
                        .mapToLong(String::length)
                        .sum()
                + task.getProgram().getWebFiles().stream()
                        .mapToInt(
                                file -> file.getUrl().length() + file.getPath().length())
                        .sum()
                + task.getProgram().getEnvironment().entrySet().stream()
                        .mapToInt(
                                each -> each.getKey().length() + each.getValue().length())
                        .sum();
    }

    private void send(String poolId, Object command, Instant now) {
        outbox.send(
                Outbox.sink(Topics.POOL_COMMANDS, BatchJobAggregate.NAME),
                Topics.POOL_COMMANDS,
                Route.byKey(poolId),
                new PoolCommand(poolId, command),
                now);
    }

    /** Writes a refusal where everybody can read it. */
    void refused(BatchJobCommand command, BatchRefused refusal, Requester requester, Instant now) {
        outbox.send(
                Outbox.sink(Topics.BATCH_JOB_EVENTS),
                Topics.BATCH_JOB_EVENTS,
                Route.byKey(BatchIds.key(command.getJobId())),
                new BatchJobEvent(command.getJobId(), now, List.of(refusal)),
                now,
                requester.requestId());
        reports.failed(command.getOrder(), refusal.getMessage(), now);
        meters.counter("muster.batch.refused", "reason", refusal.getReason().name())
                .increment();
        LOG.info(
                "{} refused job={} reason={} \"{}\"",
                command.getCommand().getClass().getSimpleName(),
                LogText.of(command.getJobId()),
                refusal.getReason(),
                LogText.of(refusal.getMessage()));
    }
}
