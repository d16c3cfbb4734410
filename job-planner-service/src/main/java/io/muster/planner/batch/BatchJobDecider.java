package io.muster.planner.batch;

import io.muster.records.AddBatchJob;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobBegun;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchJobGone;
import io.muster.records.BatchJobMoved;
import io.muster.records.BatchJobRevised;
import io.muster.records.BatchJobState;
import io.muster.records.BatchJobSwept;
import io.muster.records.BatchJobTally;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.BatchSubtasksMoved;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskBegan;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskDepends;
import io.muster.records.BatchTaskFinished;
import io.muster.records.BatchTaskGone;
import io.muster.records.BatchTaskJoined;
import io.muster.records.BatchTaskNotAdded;
import io.muster.records.BatchTaskQueued;
import io.muster.records.BatchTaskReactivated;
import io.muster.records.BatchTaskReturned;
import io.muster.records.BatchTaskRevised;
import io.muster.records.BatchTaskRow;
import io.muster.records.BatchTaskState;
import io.muster.records.BatchTaskStopping;
import io.muster.records.BatchTaskType;
import io.muster.records.BatchTasksFreeing;
import io.muster.records.BatchTasksMoving;
import io.muster.records.ChangeBatchJob;
import io.muster.records.ChangeBatchTask;
import io.muster.records.CountBatchTasks;
import io.muster.records.DeleteBatchJob;
import io.muster.records.DeleteBatchTask;
import io.muster.records.DisableBatchJob;
import io.muster.records.DisableTasks;
import io.muster.records.EnableBatchJob;
import io.muster.records.EndScheduledJob;
import io.muster.records.FiringOrder;
import io.muster.records.JobManager;
import io.muster.records.ListBatchTasks;
import io.muster.records.MemberStage;
import io.muster.records.OnAllTasksComplete;
import io.muster.records.OnTaskFailure;
import io.muster.records.ReactivateBatchTask;
import io.muster.records.ReadBatchTask;
import io.muster.records.ReportScheduledJob;
import io.muster.records.SubtasksMoved;
import io.muster.records.TaskConstraints;
import io.muster.records.TaskEnded;
import io.muster.records.TaskNews;
import io.muster.records.TaskRefused;
import io.muster.records.TaskStarted;
import io.muster.records.TaskWaits;
import io.muster.records.TasksIdle;
import io.muster.records.TerminateBatchJob;
import io.muster.records.TerminateBatchTask;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a job of Batch. A task is given to the job's pool when it joins; the pool places and retries it, and its end is heard, never assumed. A job that is
 * terminated or deleted asks all its tasks to end, some at a time, and is over when none is left in a pool. Contract: batch, 3.2 to 3.4.
 *
 * <pre>
 * ACTIVE --Disable, end of a task--> DISABLING --no task is placed--> DISABLED; both --Enable--> ACTIVE
 * (none) --Add--> ACTIVE --Terminate, wall clock, end of a task or of all--> TERMINATING --swept, none queued--> COMPLETED
 * any --its pool was changed--> the same, while its tasks go to the other pool, some at a time
 * any --Delete--> DELETING --swept, none queued, none left--> (none)
 * </pre>
 */
public final class BatchJobDecider {
    /** Bounds the tasks that one step of a sweep asks to end. */
    public static final int MOST_SWEPT = 200;

    /** Bounds the tasks that such a step looks at: most of them may have completed. */
    private static final int MOST_READ = 10 * MOST_SWEPT;

    /** Bounds the dependencies that one decision reads or asks about; tasks with more go on in the next steps. */
    private static final long MOST_ASKED = BatchDependencies.MOST;

    private static final int MOST_TASKS_AT_ONCE = 1000;
    private static final String TERMINATED_BY_TASKS = "AllTasksComplete";

    private final String id;
    private @Nullable BatchJob job;
    private final BatchTasks tasks;
    private final Instant now;
    private final List<Object> events = new ArrayList<>();
    /** Holds the tasks that this decision has changed; empty where it removed one. */
    private final Map<String, Optional<BatchTaskRow>> changed = new HashMap<>();

    /** Holds what has come by this decision, for which tasks may wait. */
    private final Set<String> come = new HashSet<>();

    private long asksLeft = MOST_ASKED;
    /** Says whether this decision left tasks to the next step. */
    private boolean leaves;

    private BatchJobTally tally;

    private BatchJobDecider(String id, @Nullable BatchJob job, BatchTasks tasks, Instant now) {
        this.id = id;
        this.job = job;
        this.tasks = tasks;
        this.tally = tasks.tally();
        this.now = now;
    }

    /** Decides what comes of an input. @param id in lower case @param job null where there is none */
    public static Decision<BatchJobEvent> decide(
            String id, @Nullable BatchJob job, BatchTasks tasks, BatchJobInput input, Instant now) {
        BatchJobDecider decider = new BatchJobDecider(id, job, tasks, now);
        Optional<BatchRefused> refused = switch (input) {
            case BatchJobInput.Asked asked -> decider.asked(asked);
            case BatchJobInput.Told(TaskNews news) -> decider.told(news);
            case BatchJobInput.Sweep _ -> decider.sweep();
        };
        if (refused.isPresent()) {
            return new Decision.Refused<>(refused.get());
        }
        String spelled = input instanceof BatchJobInput.Asked asked && job == null
                ? asked.jobId()
                : job == null ? id : job.getJobId();
        return decider.events.isEmpty()
                ? new Decision.Nothing<>()
                : new Decision.Happened<>(new BatchJobEvent(spelled, now, decider.events));
    }

    /** Returns when time becomes an input: at once where tasks are to be asked to end, at the end of the job's limit, or never. */
    public static Optional<Instant> due(BatchJob job, BatchJobTally tally, Instant now) {
        if (tally.getMovingFrom() != null) {
            return Optional.of(now);
        }
        return switch (job.getState()) {
            case TERMINATING -> isOver(tally) || !tally.getSwept() ? Optional.of(now) : Optional.empty();
            case DELETING -> isOver(tally) || !tally.getSwept() ? Optional.of(now) : Optional.empty();
            case COMPLETED -> Optional.empty();
            case ACTIVE, DISABLING, DISABLED, ENABLING ->
                tally.getFreeing().isEmpty() ? deadline(job) : Optional.of(now);
        };
    }

    private static boolean isOver(BatchJobTally tally) {
        return tally.getSwept() && tally.getQueued() == 0;
    }

    private static Optional<Instant> deadline(BatchJob job) {
        return Optional.ofNullable(job.getDefinition().getWallClockMillis())
                .map(limit -> job.getStartedAt().plus(Duration.ofMillis(limit)));
    }

    private void happened(Object part) {
        events.add(part);
        job = BatchRows.job(job, new BatchJobEvent(job == null ? id : job.getJobId(), now, List.of(part)));
        @Nullable String taskId = BatchRows.taskOf(part);
        if (taskId != null) {
            @Nullable BatchTaskRow before = task(taskId).orElse(null);
            @Nullable BatchTaskRow after = BatchRows.task(before, id, part, now);
            changed.put(taskId, Optional.ofNullable(after));
            tally = BatchRows.tally(tally, before, after);
        } else if (part instanceof BatchJobSwept swept) {
            tally = BatchRows.swept(tally, swept);
        } else if (part instanceof BatchTasksFreeing freeing) {
            tally = BatchRows.freeing(tally, freeing);
        } else if (part instanceof BatchTasksMoving moving) {
            tally = BatchRows.moving(tally, moving);
        }
    }

    private Optional<BatchTaskRow> task(String taskId) {
        return changed.containsKey(taskId) ? changed.get(taskId) : tasks.task(taskId);
    }

    private static Optional<BatchRefused> refusal(BatchRefusalReason reason, String sentence) {
        return Optional.of(new BatchRefused(reason, sentence, null, null));
    }

    private Optional<BatchRefused> asked(BatchJobInput.Asked asked) {
        if (asked.command() instanceof AddBatchJob add) {
            return add(asked.jobId(), add.getDefinition(), asked.order());
        }
        if (asked.command() instanceof EndScheduledJob end) {
            endAsItsSchedule(end.getDeletes());
            return Optional.empty();
        }
        if (asked.command() instanceof ReportScheduledJob) {
            return whyOver(asked);
        }
        if (job == null) {
            return refusal(BatchRefusalReason.JOB_NOT_FOUND, "There is no job " + asked.jobId() + ".");
        }
        return switch (asked.command()) {
            case ChangeBatchJob change -> ifRevision(change.getIfRevision()).or(() -> change(change));
            case DisableBatchJob disable -> ifRevision(disable.getIfRevision()).or(() -> disable(disable.getTasks()));
            case EnableBatchJob enable -> ifRevision(enable.getIfRevision()).or(this::enable);
            case TerminateBatchJob terminate ->
                ifRevision(terminate.getIfRevision())
                        .or(() -> BatchRules.reasonFault(terminate.getReason()))
                        .or(() -> terminate(terminate.getReason()));
            case DeleteBatchJob delete -> ifRevision(delete.getIfRevision()).or(this::delete);
            case AddBatchTasks add -> addTasks(add.getTasks());
            case ReadBatchTask read -> ofTask(read.getTaskId(), null, _ -> Optional.empty());
            case ListBatchTasks _, CountBatchTasks _ -> Optional.empty();
            case ChangeBatchTask change ->
                ofTask(change.getTaskId(), change.getIfRevision(), row -> changeTask(row, change));
            case TerminateBatchTask terminate ->
                ofTask(terminate.getTaskId(), terminate.getIfRevision(), this::terminateTask);
            case ReactivateBatchTask reactivate ->
                ofTask(reactivate.getTaskId(), reactivate.getIfRevision(), this::reactivate);
            case DeleteBatchTask delete -> ofTask(delete.getTaskId(), delete.getIfRevision(), this::deleteTask);
            case Object unknown -> throw new IllegalStateException("not a command, class=" + unknown.getClass());
        };
    }

    /** Returns how a job is over of which its schedule has not heard that; empty while it goes on. */
    private Optional<BatchRefused> whyOver(BatchJobInput.Asked asked) {
        if (job == null || !isOf(job.getOrder(), asked.order())) {
            return refusal(
                    BatchRefusalReason.JOB_NOT_FOUND, "The job " + asked.jobId() + " was not made, or it was deleted.");
        }
        return job.getEndedAt() == null
                ? Optional.empty()
                : refusal(BatchRefusalReason.JOB_COMPLETED, BatchJobSchedules.over(job, false));
    }

    private static boolean isOf(@Nullable FiringOrder made, @Nullable FiringOrder asked) {
        return made != null
                && asked != null
                && made.getScheduleId().equals(asked.getScheduleId())
                && made.getRun().equals(asked.getRun());
    }

    /** Has no task of the job be placed, and those that are stop, end or go on; the pool says when none is. */
    private Optional<BatchRefused> disable(DisableTasks tasks) {
        Optional<BatchRefused> ends = ifEnds();
        if (ends.isPresent()) {
            return ends;
        }
        if (known().getState() != BatchJobState.ACTIVE) {
            return refusal(BatchRefusalReason.JOB_STATE, "The job is disabled, or is being disabled.");
        }
        happened(moved(BatchJobState.DISABLING, null, tasks));
        return Optional.empty();
    }

    private Optional<BatchRefused> enable() {
        Optional<BatchRefused> ends = ifEnds();
        if (ends.isPresent()) {
            return ends;
        }
        if (known().getState() == BatchJobState.ACTIVE) {
            return refusal(BatchRefusalReason.JOB_STATE, "The job is not disabled.");
        }
        happened(moved(BatchJobState.ACTIVE, null, null));
        return Optional.empty();
    }

    private static BatchJobMoved moved(BatchJobState state, @Nullable String reason, @Nullable DisableTasks tasks) {
        return new BatchJobMoved(state, reason, tasks);
    }

    /** Notes that no task of a job runs that is being disabled. @param number of the rule by which its pool has suspended it */
    private void idle(long number) {
        if (job != null && job.getState() == BatchJobState.DISABLING && BatchTaskPrograms.ruleNumber(job) == number) {
            happened(moved(BatchJobState.DISABLED, null, null));
        }
    }

    private BatchJob known() {
        if (job == null) {
            throw new IllegalStateException("There is no such job, id=" + id);
        }
        return job;
    }

    private Optional<BatchRefused> ifRevision(@Nullable Long revision) {
        return revision == null || revision == known().getRevision()
                ? Optional.empty()
                : refusal(BatchRefusalReason.CHANGED_MEANWHILE, "The job has changed meanwhile: read it again.");
    }

    private Optional<BatchRefused> add(String jobId, BatchJobDefinition definition, @Nullable FiringOrder order) {
        if (job != null) {
            return job.getState() == BatchJobState.DELETING
                    ? refusal(BatchRefusalReason.JOB_DELETING, "The job of that id is being deleted: wait for that.")
                    : refusal(BatchRefusalReason.JOB_EXISTS, "There is a job of that id.");
        }
        if (order != null && now.isAfter(order.getUntil())) {
            return refusal(BatchRefusalReason.INVALID, "The job was to be made by " + order.getUntil() + ".");
        }
        Optional<BatchRefused> fault = BatchRules.fault(jobId, order != null, definition);
        if (fault.isPresent()) {
            return fault;
        }
        happened(new BatchJobBegun(definition, order));
        @Nullable JobManager manager = definition.getManager();
        if (manager != null) {
            join(manager.getTask(), BatchTaskType.JOB_MANAGER);
        }
        ifAllComplete();
        return Optional.empty();
    }

    private void join(BatchTaskDefinition definition, BatchTaskType type) {
        happened(new BatchTaskJoined(definition, type));
        queueOrWait(BatchIds.key(definition.getTaskId()));
    }

    /** Gives a task to the pool, or has it wait for one on which it depends and that has not come. */
    private void queueOrWait(String taskId) {
        BatchTaskRow row = task(taskId).orElseThrow();
        BatchTaskDefinition definition = row.getTask().getDefinition();
        Optional<BatchDependencies.Wait> wait = BatchDependencies.next(
                definition, row.getCome(), Math.max(1, asksLeft), name -> come.contains(name) || tasks.isThere(name));
        long asked = wait.map(BatchDependencies.Wait::come).orElse(BatchDependencies.count(definition)) - row.getCome();
        asksLeft -= 1
                + definition.getDependsOn().size()
                + definition.getDependsOnRanges().size()
                + asked;
        wait.ifPresentOrElse(on -> await(taskId, on), () -> queue(taskId));
    }

    private void await(String taskId, BatchDependencies.Wait wait) {
        happened(new BatchTaskDepends(taskId, wait.on(), wait.come()));
        if (wait.on().equals(BatchDependencies.NEXT_STEP)) {
            leaves = true;
            if (!tally.getFreeing().contains(wait.on())) {
                happened(new BatchTasksFreeing(wait.on(), false));
            }
        }
    }

    /** Has those go on that wait for what has come; where there are more than so many, or they depend on much, others in the next steps. @return how many */
    private int free(String name, int most) {
        List<String> waiting = tasks.waiting(name, most);
        int gone = 0;
        for (String taskId : waiting) {
            if (asksLeft <= 0) {
                break;
            }
            gone++;
            if (task(taskId).filter(row -> name.equals(row.getWaitsFor())).isPresent()) {
                queueOrWait(taskId);
            }
        }
        boolean isOver = waiting.size() < most
                && gone == waiting.size()
                && !(leaves && name.equals(BatchDependencies.NEXT_STEP));
        if (isOver == tally.getFreeing().contains(name)) {
            happened(new BatchTasksFreeing(name, isOver));
        }
        return gone;
    }

    /** Gives a task to the pool, with a number that no task of the id has had: not in this job, nor in one of its id that was deleted. */
    private void queue(String taskId) {
        long number = Math.max(tally.getLastNumber() + 1, ChronoUnit.MICROS.between(Instant.EPOCH, now));
        happened(new BatchTaskQueued(taskId, known().getDefinition().getPoolId(), number));
    }

    private Optional<BatchRefused> change(ChangeBatchJob change) {
        Optional<BatchRefused> ended = ifEnds();
        if (ended.isPresent()) {
            return ended;
        }
        BatchJobDefinition before = known().getDefinition();
        BatchJobDefinition after = BatchJobChanges.of(before, change);
        boolean moves = !before.getPoolId().equals(after.getPoolId());
        Optional<BatchRefused> fault = moves ? whyNotMoved() : Optional.empty();
        fault = fault.or(() -> BatchRules.fault(known().getJobId(), known().getOrder() != null, after));
        if (fault.isPresent()) {
            return fault;
        }
        happened(new BatchJobRevised(after));
        if (moves) {
            happened(new BatchTasksMoving(before.getPoolId(), "", false));
        }
        if (change.getOnAllTasksComplete() != null) {
            ifAllComplete();
        }
        return Optional.empty();
    }

    /** Returns why a job can't go to another pool. */
    private Optional<BatchRefused> whyNotMoved() {
        if (known().getState() != BatchJobState.DISABLED) {
            return refusal(BatchRefusalReason.JOB_STATE, "The pool of a job is changed while the job is disabled.");
        }
        return tally.getMovingFrom() == null
                ? Optional.empty()
                : refusal(
                        BatchRefusalReason.JOB_STATE,
                        "Its tasks are on their way to the pool that was named last: wait for that.");
    }

    /** Gives the next tasks to the pool that the job has now. Those that were asked to end have ended in the other one, which says so. */
    private void move(String from) {
        BatchTasks.Page page = tasks.page(tally.getMovedUpTo(), MOST_READ);
        int moved = 0;
        for (BatchTaskRow row : page.rows()) {
            if (from.equals(row.getQueuedIn()) && !row.getStopping()) {
                queue(key(row));
                moved++;
            }
            if (moved == MOST_SWEPT) {
                happened(new BatchTasksMoving(from, key(row), false));
                return;
            }
        }
        happened(new BatchTasksMoving(
                from, page.rows().isEmpty() ? "" : key(page.rows().getLast()), !page.more()));
    }

    /** Returns why a job that ends, or has ended, can't be changed. */
    private Optional<BatchRefused> ifEnds() {
        return switch (known().getState()) {
            case TERMINATING -> refusal(BatchRefusalReason.JOB_TERMINATING, "The job is being terminated.");
            case COMPLETED -> refusal(BatchRefusalReason.JOB_COMPLETED, "The job is completed.");
            case DELETING -> refusal(BatchRefusalReason.JOB_DELETING, "The job is being deleted.");
            case ACTIVE, DISABLING, DISABLED, ENABLING -> Optional.empty();
        };
    }

    private Optional<BatchRefused> terminate(String reason) {
        Optional<BatchRefused> ends = ifEnds();
        if (ends.isEmpty()) {
            happened(moved(BatchJobState.TERMINATING, reason, null));
        }
        return ends;
    }

    private void endAsItsSchedule(boolean deletes) {
        if (job != null && deletes) {
            delete();
        } else if (job != null) {
            terminate("JobScheduleTerminated");
        }
    }

    private Optional<BatchRefused> delete() {
        if (known().getState() == BatchJobState.DELETING) {
            return refusal(BatchRefusalReason.JOB_DELETING, "The job is being deleted.");
        }
        happened(moved(BatchJobState.DELETING, null, null));
        happened(new BatchJobSwept(""));
        return Optional.empty();
    }

    private Optional<BatchRefused> addTasks(List<BatchTaskDefinition> definitions) {
        Optional<BatchRefused> ends = ifEnds();
        if (ends.isPresent()) {
            return ends;
        }
        if (definitions.size() > MOST_TASKS_AT_ONCE) {
            return refusal(BatchRefusalReason.TOO_MANY, "At most " + MOST_TASKS_AT_ONCE + " tasks are added at once.");
        }
        definitions.forEach(this::addTask);
        return Optional.empty();
    }

    private void addTask(BatchTaskDefinition definition) {
        Optional<BatchRefused> fault = BatchRules.fault(known().getDefinition(), definition);
        if (fault.isEmpty() && task(BatchIds.key(definition.getTaskId())).isPresent()) {
            fault = refusal(BatchRefusalReason.TASK_EXISTS, "The job has a task of that id.");
        }
        fault.ifPresentOrElse(
                refused -> happened(new BatchTaskNotAdded(definition.getTaskId(), refused)),
                () -> join(definition, BatchTaskType.USER));
    }

    private Optional<BatchRefused> ofTask(
            String taskId, @Nullable Long revision, Function<BatchTaskRow, Optional<BatchRefused>> use) {
        Optional<BatchTaskRow> row = task(BatchIds.key(taskId));
        if (row.isEmpty()) {
            return refusal(BatchRefusalReason.TASK_NOT_FOUND, "The job has no task " + taskId + ".");
        }
        return revision == null || revision == row.get().getTask().getRevision()
                ? use.apply(row.get())
                : refusal(BatchRefusalReason.CHANGED_MEANWHILE, "The task has changed meanwhile: read it again.");
    }

    private static String key(BatchTaskRow row) {
        return BatchIds.key(row.getTask().getDefinition().getTaskId());
    }

    private Optional<BatchRefused> changeTask(BatchTaskRow row, ChangeBatchTask change) {
        Optional<BatchRefused> fault = BatchRules.constraintsFault(change.getConstraints());
        if (fault.isEmpty() && row.getTask().getState() == BatchTaskState.COMPLETED) {
            fault = completed();
        }
        if (fault.isEmpty() && isLateLimit(row.getTask(), change.getConstraints())) {
            fault = Optional.of(BatchRules.invalid(
                    "constraints.maxWallClockTime",
                    null,
                    "The task runs: its limit of time can be changed before that alone."));
        }
        if (fault.isEmpty()) {
            happened(new BatchTaskRevised(key(row), change.getConstraints()));
        }
        return fault;
    }

    private static boolean isLateLimit(BatchTask task, TaskConstraints changed) {
        return task.getState() != BatchTaskState.ACTIVE
                && !Objects.equals(
                        task.getDefinition().getConstraints().getWallClockMillis(), changed.getWallClockMillis());
    }

    private static Optional<BatchRefused> completed() {
        return refusal(BatchRefusalReason.TASK_COMPLETED, "The task is completed.");
    }

    private Optional<BatchRefused> terminateTask(BatchTaskRow row) {
        if (row.getTask().getState() == BatchTaskState.COMPLETED) {
            return completed();
        }
        end(row);
        return Optional.empty();
    }

    /** Has a task end that has not: by its pool, if that has it. */
    private void end(BatchTaskRow row) {
        if (row.getQueuedIn() == null) {
            finish(BatchEnds.stopped(key(row)));
        } else if (!row.getStopping()) {
            happened(new BatchTaskStopping(key(row)));
        }
    }

    private Optional<BatchRefused> reactivate(BatchTaskRow row) {
        Optional<BatchRefused> ends = ifEnds();
        if (ends.isPresent()) {
            return ends;
        }
        if (row.getTask().getState() != BatchTaskState.COMPLETED
                || Boolean.TRUE.equals(row.getTask().getSucceeded())) {
            return refusal(
                    BatchRefusalReason.TASK_NOT_FAILED, "A task can be reactivated when it has completed and failed.");
        }
        happened(new BatchTaskReactivated(key(row)));
        queueOrWait(key(row));
        return Optional.empty();
    }

    private Optional<BatchRefused> deleteTask(BatchTaskRow row) {
        happened(new BatchTaskGone(key(row)));
        ifAllComplete();
        return Optional.empty();
    }

    private Optional<BatchRefused> told(TaskNews news) {
        if (news.getNews() instanceof TasksIdle idle) {
            idle(idle.getNumber());
            return Optional.empty();
        }
        String taskId = BatchIds.task(news.getTaskId());
        Optional<BatchTaskRow> row = job == null ? Optional.empty() : task(taskId);
        boolean isOfRow = row.filter(known -> known.getQueuedIn() != null
                        && BatchIds.inPool(id, taskId, known.getNumber()).equals(news.getTaskId()))
                .isPresent();
        if (!isOfRow) {
            return Optional.empty();
        }
        BatchTaskRow known = row.orElseThrow();
        switch (news.getNews()) {
            case TaskStarted started ->
                happened(new BatchTaskBegan(
                        taskId,
                        started.getNodeId(),
                        started.getToken(),
                        started.getAttempt() == null ? known.getTask().getAttempt() : started.getAttempt(),
                        news.getAt()));
            case SubtasksMoved moved -> subtasks(known.getTask(), moved, news);
            case TaskWaits waits -> happened(new BatchTaskReturned(taskId, waits.getAttempt(), news.getAt()));
            case TaskEnded ended -> finish(BatchEnds.of(taskId, ended, news.getAt()));
            case TaskRefused _ when known.getStopping() -> finish(BatchEnds.stopped(taskId));
            case TaskRefused _ -> queue(taskId);
            default -> {
                // Is nothing that a job of Batch asks for.
            }
        }
        return Optional.empty();
    }

    private void subtasks(BatchTask task, SubtasksMoved moved, TaskNews news) {
        boolean begins = moved.getSubtasks().stream().allMatch(each -> each.getStage() == MemberStage.ORDERED);
        happened(new BatchSubtasksMoved(
                BatchIds.key(task.getDefinition().getTaskId()),
                moved.getSubtasks().stream()
                        .map(each -> BatchSubtasks.moved(task.getSubtasks(), news.getPoolId(), each, news.getAt()))
                        .toList(),
                begins));
    }

    /** Notes the end of a task, and does what follows for the job and for tasks that wait for it. */
    private void finish(BatchTaskFinished ended) {
        BatchTask task = task(ended.getTaskId()).orElseThrow().getTask();
        boolean satisfies = known().getDefinition().getUsesTaskDependencies()
                && BatchEnds.satisfies(task.getDefinition().getExitConditions(), ended);
        BatchTaskFinished end =
                BatchTaskFinished.newBuilder(ended).setSatisfies(satisfies).build();
        happened(end);
        if (satisfies && ifEnds().isEmpty()) {
            List<String> names = BatchDependencies.names(end.getTaskId());
            come.addAll(names);
            names.forEach(name -> free(name, MOST_SWEPT));
        }
        if (ifEnds().isPresent()) {
            return;
        }
        @Nullable JobManager manager = known().getDefinition().getManager();
        if (task.getType() == BatchTaskType.JOB_MANAGER && manager != null && manager.getKillJobOnCompletion()) {
            terminate("JMComplete");
        } else {
            act(task, end);
            ifAllComplete();
        }
    }

    /** Does with the job what its tasks' conditions say of an end. */
    private void act(BatchTask task, BatchTaskFinished end) {
        if (known().getDefinition().getOnTaskFailure() != OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION) {
            return;
        }
        switch (BatchEnds.jobAction(task.getDefinition().getExitConditions(), end)) {
            case NONE -> {
                // It goes on.
            }
            case DISABLE -> disable(DisableTasks.REQUEUE);
            case TERMINATE -> terminate("TaskFailed");
        }
    }

    private void ifAllComplete() {
        if (ifEnds().isEmpty()
                && known().getDefinition().getOnAllTasksComplete() == OnAllTasksComplete.TERMINATE_JOB
                && tally.getCounts().getActive() == 0
                && tally.getCounts().getRunning() == 0) {
            terminate(TERMINATED_BY_TASKS);
        }
    }

    /** Does the next step of a job that ends; or ends one whose time is over. */
    private Optional<BatchRefused> sweep() {
        @Nullable String from = tally.getMovingFrom();
        if (from != null) {
            move(from);
            return Optional.empty();
        }
        switch (known().getState()) {
            case TERMINATING -> step(false);
            case DELETING -> step(true);
            case COMPLETED -> {
                // Is over.
            }
            case ACTIVE, DISABLING, DISABLED, ENABLING -> {
                freeOn();
                if (deadline(known()).filter(until -> !until.isAfter(now)).isPresent()) {
                    terminate("MaxWallClockTimeExpiry");
                }
            }
        }
        return Optional.empty();
    }

    /** Has tasks go on that wait for what came before, which may be deleted by now: so many in a step. */
    private void freeOn() {
        int left = MOST_SWEPT;
        for (String name : List.copyOf(tally.getFreeing())) {
            if (left == 0 || asksLeft <= 0) {
                return;
            }
            come.add(name);
            left -= free(name, left);
        }
    }

    private void step(boolean removes) {
        if (isOver(tally)) {
            over(removes);
            return;
        }
        @Nullable String after = tally.getSweptUpTo();
        BatchTasks.Page page =
                isOpen() ? tasks.page(after == null ? "" : after, MOST_READ) : new BatchTasks.Page(List.of(), false);
        int asked = 0;
        for (BatchTaskRow row : page.rows()) {
            if (removes && row.getTask().getState() == BatchTaskState.ACTIVE) {
                happened(new BatchTaskGone(key(row)));
                asked++;
            } else if (row.getTask().getState() != BatchTaskState.COMPLETED) {
                end(row);
                asked++;
            }
            if (asked == MOST_SWEPT && isOpen()) {
                happened(new BatchJobSwept(key(row)));
                return;
            }
        }
        happened(new BatchJobSwept(isOpen() && page.more() ? key(page.rows().getLast()) : null));
    }

    /** Returns whether there is a task that has not ended and was not asked to. */
    private boolean isOpen() {
        return tally.getCounts().getActive() + tally.getCounts().getRunning() > tally.getStopping();
    }

    private void over(boolean removes) {
        if (!removes) {
            happened(moved(BatchJobState.COMPLETED, null, null));
            return;
        }
        BatchTasks.Page page = tasks.page("", MOST_SWEPT);
        page.rows().forEach(row -> happened(new BatchTaskGone(key(row))));
        if (!page.more()) {
            happened(new BatchJobGone());
        }
    }
}
