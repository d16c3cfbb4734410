package io.muster.planner.batch.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.planner.batch.BatchIds;
import io.muster.planner.batch.BatchJobDecider;
import io.muster.planner.batch.BatchJobInput;
import io.muster.planner.batch.BatchRows;
import io.muster.planner.batch.BatchTasks;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchDependency;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobCommand;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchJobTally;
import io.muster.records.BatchRefused;
import io.muster.records.BatchTaskAdded;
import io.muster.records.BatchTaskDeleted;
import io.muster.records.BatchTaskJoined;
import io.muster.records.BatchTaskNotAdded;
import io.muster.records.BatchTaskPage;
import io.muster.records.BatchTaskRow;
import io.muster.records.BatchTasksAdded;
import io.muster.records.ChangeBatchTask;
import io.muster.records.CountBatchTasks;
import io.muster.records.DeleteBatchTask;
import io.muster.records.ListBatchTasks;
import io.muster.records.ReactivateBatchTask;
import io.muster.records.ReadBatchTask;
import io.muster.records.ReportScheduledJob;
import io.muster.records.TaskNews;
import io.muster.records.TerminateBatchTask;
import io.muster.service.Requester;
import io.muster.service.coordinator.Aggregate;
import io.muster.service.coordinator.Change;
import io.muster.service.coordinator.CoordinatorSpec;
import io.muster.service.coordinator.CoordinatorTask;
import io.muster.service.coordinator.Feed;
import io.muster.service.decider.Decision;
import io.muster.service.state.RowPlacement;
import io.muster.service.state.StoreSpec;
import io.muster.service.state.StoreSpec.Medium;
import io.muster.topics.Partitioning;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs jobs of Batch: commands and news of tasks in; events, documents, commands of pools and replies out. For one task. */
public final class BatchJobAggregate implements Aggregate<BatchJob, BatchJobInput, BatchJobEvent> {
    /** Names the coordinator, and its sinks for topics that others write too. */
    public static final String NAME = "batch-job";

    private static final StoreSpec.OfTopic<BatchJob> JOBS = new StoreSpec.OfTopic<>("batch-jobs", Topics.BATCH_JOBS);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("batch-job-numbers", Topics.BATCH_JOBS.partitioning());

    private static final StoreSpec<BatchTaskRow> TASKS = new StoreSpec.OfRecords<>(
            "batch-tasks", Partitioning.BY_JOB, RowPlacement.BY_KEY, Medium.DISK, BatchTaskRow.class);

    private static final StoreSpec<BatchJobTally> TALLIES = new StoreSpec.OfRecords<>(
            "batch-job-tallies", Partitioning.BY_JOB, RowPlacement.BY_KEY, Medium.MEMORY, BatchJobTally.class);

    private static final StoreSpec<BatchDependency> DEPENDENCIES = new StoreSpec.OfRecords<>(
            "batch-dependencies", Partitioning.BY_JOB, RowPlacement.BY_KEY, Medium.DISK, BatchDependency.class);

    private static final List<Feed<?, BatchJobAggregate, BatchJobInput>> FEEDS = List.of(
            Feed.commands(
                    Topics.BATCH_JOB_COMMANDS,
                    command -> BatchIds.key(command.getJobId()),
                    (_, command, _) -> List.of(
                            new BatchJobInput.Asked(command.getJobId(), command.getCommand(), command.getOrder())),
                    BatchRefused.class,
                    BatchJobAggregate::refused),
            Feed.observations(
                    Topics.BATCH_JOB_TASKS,
                    TaskNews::getOwnerId,
                    (_, news, _) -> List.of(new BatchJobInput.Told(news))));

    private final BatchTaskTable tasks;
    private final BatchJobEffects effects;

    private BatchJobAggregate(CoordinatorTask task, MeterRegistry meters) {
        this.tasks = new BatchTaskTable(task.store(TASKS), task.store(TALLIES), task.store(DEPENDENCIES));
        this.effects = new BatchJobEffects(task.outbox(), meters, tasks);
    }

    /** Declares the coordinator of jobs. */
    public static CoordinatorSpec<BatchJob, BatchJobInput, BatchJobEvent, BatchJobAggregate> coordinator(
            MeterRegistry meters) {
        return new CoordinatorSpec<>(
                NAME,
                JOBS,
                NUMBERS,
                List.of(TASKS, TALLIES, DEPENDENCIES),
                Topics.BATCH_JOB_EVENTS,
                List.of(),
                FEEDS,
                task -> new BatchJobAggregate(task, meters));
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(JOBS, NUMBERS, TASKS, TALLIES, DEPENDENCIES);
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    @Override
    public Decision<BatchJobEvent> decide(String id, @Nullable BatchJob job, BatchJobInput input, Instant now) {
        return BatchJobDecider.decide(id, job, tasks.of(id), input, now);
    }

    @Override
    public @Nullable BatchJob evolve(@Nullable BatchJob job, BatchJobEvent event) {
        return BatchRows.job(job, event);
    }

    @Override
    public Optional<Instant> due(String id, BatchJob job, Instant now) {
        return BatchJobDecider.due(job, tasks.tally(id), now);
    }

    @Override
    public List<BatchJobInput> whenDue(String id, BatchJob job) {
        return List.of(new BatchJobInput.Sweep());
    }

    @Override
    public void happened(Change<BatchJob, BatchJobEvent> change) {
        effects.happened(change);
    }

    private void refused(BatchJobCommand command, BatchRefused refusal, Requester requester, Instant now) {
        switch (command.getCommand()) {
            case ReadBatchTask _, ListBatchTasks _, CountBatchTasks _ -> {
                // Changes nothing, refused or not.
            }
            case ReportScheduledJob _ -> effects.reportAgain(command, refusal, now);
            default -> effects.refused(command, refusal, requester, now);
        }
    }

    @Override
    public Optional<Object> reply(
            String id, BatchJobInput input, Decision<BatchJobEvent> decision, @Nullable BatchJob after) {
        if (decision instanceof Decision.Refused<BatchJobEvent> refused) {
            return Optional.of(refused.refusal());
        }
        if (!(input instanceof BatchJobInput.Asked(var _, Object command, var _))) {
            return Optional.empty();
        }
        return switch (command) {
            case AddBatchTasks _ -> Optional.of(new BatchTasksAdded(added(decision)));
            case ReadBatchTask read -> task(id, read.getTaskId());
            case ChangeBatchTask change -> task(id, change.getTaskId());
            case TerminateBatchTask terminate -> task(id, terminate.getTaskId());
            case ReactivateBatchTask reactivate -> task(id, reactivate.getTaskId());
            case ListBatchTasks list -> Optional.of(page(id, list));
            case CountBatchTasks _ -> Optional.of(tasks.tally(id).getCounts());
            case DeleteBatchTask delete -> Optional.of(new BatchTaskDeleted(delete.getTaskId()));
            default -> Optional.ofNullable(after);
        };
    }

    private static List<BatchTaskAdded> added(Decision<BatchJobEvent> decision) {
        if (!(decision instanceof Decision.Happened<BatchJobEvent> happened)) {
            return List.of();
        }
        List<BatchTaskAdded> added = new ArrayList<>();
        Instant at = happened.event().getAt();
        for (Object part : happened.event().getEvents()) {
            switch (part) {
                case BatchTaskJoined joined ->
                    added.add(new BatchTaskAdded(joined.getDefinition().getTaskId(), 1L, at, null));
                case BatchTaskNotAdded not ->
                    added.add(new BatchTaskAdded(not.getTaskId(), null, at, not.getRefused()));
                default -> {
                    // Is no answer.
                }
            }
        }
        return added;
    }

    private Optional<Object> task(String id, String taskId) {
        return tasks.of(id).task(BatchIds.key(taskId)).map(BatchTaskRow::getTask);
    }

    private BatchTaskPage page(String id, ListBatchTasks list) {
        int most = Math.clamp(list.getMost(), 1, 1000);
        @Nullable String after = list.getAfter() == null ? null : BatchIds.key(list.getAfter());
        BatchTasks.Page page = tasks.of(id).page(after, most);
        return new BatchTaskPage(page.rows().stream().map(BatchTaskRow::getTask).toList(), page.more());
    }
}
