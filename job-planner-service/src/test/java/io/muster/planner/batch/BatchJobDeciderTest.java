package io.muster.planner.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AddBatchJob;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchJobState;
import io.muster.records.BatchJobSwept;
import io.muster.records.BatchJobTally;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskRow;
import io.muster.records.BatchTaskState;
import io.muster.records.ChangeBatchJob;
import io.muster.records.ExitCodeRange;
import io.muster.records.ExitConditions;
import io.muster.records.ExitOptions;
import io.muster.records.JobAction;
import io.muster.records.JobManager;
import io.muster.records.OnAllTasksComplete;
import io.muster.records.OnTaskFailure;
import io.muster.records.ReactivateBatchTask;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskConstraints;
import io.muster.records.TaskEnded;
import io.muster.records.TaskNews;
import io.muster.records.TaskResult;
import io.muster.records.TerminateBatchJob;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchJobDeciderTest {
    private static final String ID = "render-7";
    private static final String POOL = "edge";

    private final Map<String, BatchTaskRow> rows = new TreeMap<>();
    private @Nullable BatchJob job;
    private BatchJobTally tally = BatchRows.empty();
    private Instant now = Instant.parse("2026-11-21T02:00:00Z");

    private final BatchTasks tasks = new BatchTasks() {
        @Override
        public BatchJobTally tally() {
            return tally;
        }

        @Override
        public Optional<BatchTaskRow> task(String taskId) {
            return Optional.ofNullable(rows.get(taskId));
        }

        @Override
        public List<BatchTaskRow> page(@Nullable String after, int most) {
            return rows.entrySet().stream()
                    .filter(row -> after == null || row.getKey().compareTo(after) > 0)
                    .map(Map.Entry::getValue)
                    .limit(most)
                    .toList();
        }
    };

    private Decision<BatchJobEvent> decide(BatchJobInput input) {
        Decision<BatchJobEvent> decision = BatchJobDecider.decide(ID, job, tasks, input, now);
        if (decision instanceof Decision.Happened<BatchJobEvent> happened) {
            keep(happened.event());
        }
        return decision;
    }

    private void keep(BatchJobEvent event) {
        job = BatchRows.job(job, event);
        for (Object part : event.getEvents()) {
            @Nullable String taskId = BatchRows.taskOf(part);
            if (taskId != null) {
                @Nullable BatchTaskRow before = rows.get(taskId);
                @Nullable BatchTaskRow after = BatchRows.task(before, event.getJobId(), part, event.getAt());
                tally = BatchRows.tally(tally, before, after);
                if (after == null) {
                    rows.remove(taskId);
                } else {
                    rows.put(taskId, after);
                }
            } else if (part instanceof BatchJobSwept swept) {
                tally = BatchRows.swept(tally, swept);
            }
        }
    }

    private Decision<BatchJobEvent> ask(Object command) {
        return decide(new BatchJobInput.Asked("Render-7", command));
    }

    private @Nullable BatchRefusalReason refused(Object command) {
        return ask(command) instanceof Decision.Refused<BatchJobEvent> refused
                ? ((BatchRefused) refused.refusal()).getReason()
                : null;
    }

    private static BatchJobDefinition.Builder definition() {
        return BatchJobDefinition.newBuilder().setPoolId(POOL);
    }

    private static BatchTaskDefinition.Builder task(String id) {
        return BatchTaskDefinition.newBuilder()
                .setTaskId(id)
                .setCommandLine("true")
                .setConstraints(new TaskConstraints(null, null, null));
    }

    private void add(BatchJobDefinition.Builder definition, BatchTaskDefinition.Builder... added) {
        ask(new AddBatchJob(definition.build()));
        List<BatchTaskDefinition> built = new ArrayList<>();
        for (BatchTaskDefinition.Builder each : added) {
            built.add(each.build());
        }
        if (!built.isEmpty()) {
            ask(new AddBatchTasks(built));
        }
    }

    private void ended(String id, TaskResult result, @Nullable Integer code) {
        decide(new BatchJobInput.Told(new TaskNews(
                ID,
                POOL,
                BatchIds.inPool(ID, id),
                now,
                new TaskEnded(result, code, "", new TaskAttempt(0, 0, 0), now))));
    }

    /** Runs what time asks for until it asks for nothing now. */
    private void runDue() {
        while (job != null
                && BatchJobDecider.due(job, tally, now)
                        .filter(at -> !at.isAfter(now))
                        .isPresent()) {
            decide(new BatchJobInput.Sweep());
        }
    }

    private @Nullable BatchJobState state() {
        return job == null ? null : job.getState();
    }

    @ParameterizedTest
    @CsvSource({
        "SUCCEEDED, 0, , ",
        "FAILED, 7, FailureExitCode, 7",
        "FAILED, , ProgramNotStarted, ",
        "STOPPED, 143, TaskEnded, ",
        "TIMED_OUT, 137, TaskEnded, -1073741510",
        "ABORTED, , TooManyRecoveries, "
    })
    void saysWhatTheEndOfATaskMeans(
            TaskResult result, @Nullable Integer told, @Nullable String failure, @Nullable Integer code) {
        add(definition(), task("a"));
        ended("a", result, told);
        var task = rows.get("a").getTask();
        assertThat(task.getState()).isEqualTo(BatchTaskState.COMPLETED);
        assertThat(task.getExitCode()).isEqualTo(result == TaskResult.SUCCEEDED ? Integer.valueOf(0) : code);
        assertThat(task.getFailure() == null ? null : task.getFailure().getCode())
                .isEqualTo(failure);
        assertThat(task.getSucceeded()).isEqualTo(failure == null);
    }

    @ParameterizedTest
    @CsvSource({
        "NO_ACTION, 9, , ACTIVE",
        "PERFORM_EXIT_OPTIONS_JOB_ACTION, 0, , ACTIVE",
        "PERFORM_EXIT_OPTIONS_JOB_ACTION, 9, , TERMINATING",
        "PERFORM_EXIT_OPTIONS_JOB_ACTION, 9, NONE, ACTIVE",
        "PERFORM_EXIT_OPTIONS_JOB_ACTION, 9, TERMINATE, TERMINATING"
    })
    void terminatesTheJobAsTheConditionsOfATaskSay(
            OnTaskFailure onFailure, int code, @Nullable JobAction action, BatchJobState expected) {
        ExitConditions conditions = ExitConditions.newBuilder()
                .setCodes(List.of(new ExitCodeRange(5, 9, new ExitOptions(action, null))))
                .build();
        add(definition().setOnTaskFailure(onFailure), task("a").setExitConditions(action == null ? null : conditions));
        ended("a", code == 0 ? TaskResult.SUCCEEDED : TaskResult.FAILED, code);
        assertThat(state()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0, ACTIVE", "3, TERMINATING"})
    void takesTheDefaultConditionForFailuresAlone(int code, BatchJobState expected) {
        ExitConditions conditions = ExitConditions.newBuilder()
                .setOtherwise(new ExitOptions(JobAction.TERMINATE, null))
                .build();
        add(
                definition().setOnTaskFailure(OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION),
                task("a").setExitConditions(conditions),
                task("b"));
        ended("a", code == 0 ? TaskResult.SUCCEEDED : TaskResult.FAILED, code);
        assertThat(state()).isEqualTo(expected);
    }

    @Test
    void leavesAJobWithoutTasksAsItIsWhereAnotherMemberChanges() {
        add(definition().setOnAllTasksComplete(OnAllTasksComplete.TERMINATE_JOB));
        ask(ChangeBatchJob.newBuilder().setMetadata(List.of()).build());
        assertThat(state()).isEqualTo(BatchJobState.ACTIVE);
    }

    @Test
    void refusesAnActionThatTheJobDoesNotPerform() {
        ExitConditions conditions = ExitConditions.newBuilder()
                .setOtherwise(new ExitOptions(JobAction.TERMINATE, null))
                .build();
        add(definition(), task("a").setExitConditions(conditions));
        assertThat(rows).isEmpty();
    }

    @Test
    void asksTheTasksOfATerminatedJobToEndInStepsAndIsCompletedWhenTheyHave() {
        BatchTaskDefinition.Builder[] many = new BatchTaskDefinition.Builder[450];
        for (int i = 0; i < many.length; i++) {
            many[i] = task("t" + i);
        }
        add(definition(), many);
        ask(new TerminateBatchJob("enough", null));
        runDue();
        assertThat(rows.values()).allMatch(BatchTaskRow::getStopping);
        assertThat(state()).as("tasks are in the pool still").isEqualTo(BatchJobState.TERMINATING);
        List.copyOf(rows.keySet()).forEach(id -> ended(id, TaskResult.STOPPED, null));
        runDue();
        assertThat(state()).isEqualTo(BatchJobState.COMPLETED);
        assertThat(refused(new AddBatchTasks(List.of()))).isEqualTo(BatchRefusalReason.JOB_COMPLETED);
        assertThat(refused(new TerminateBatchJob("again", null))).isEqualTo(BatchRefusalReason.JOB_COMPLETED);
    }

    @Test
    void endsAJobWhoseTimeIsOver() {
        add(definition().setWallClockMillis(60_000L), task("a"));
        runDue();
        assertThat(state()).isEqualTo(BatchJobState.ACTIVE);
        now = now.plus(Duration.ofMinutes(1));
        runDue();
        assertThat(job.getTerminateReason()).isEqualTo("MaxWallClockTimeExpiry");
    }

    @Test
    void endsAJobWithItsManager() {
        add(definition().setManager(new JobManager(task("manager").build(), true)));
        ended("manager", TaskResult.SUCCEEDED, 0);
        assertThat(job.getTerminateReason()).isEqualTo("JMComplete");
    }

    @Test
    void endsAJobWhenItsLastTaskHasEndedAndNotBefore() {
        add(definition().setOnAllTasksComplete(OnAllTasksComplete.TERMINATE_JOB), task("a"), task("b"));
        ended("a", TaskResult.FAILED, 1);
        assertThat(state()).isEqualTo(BatchJobState.ACTIVE);
        ended("b", TaskResult.SUCCEEDED, 0);
        assertThat(state()).isEqualTo(BatchJobState.TERMINATING);
    }

    @Test
    void runsAFailedTaskAgainAndNoOther() {
        add(definition(), task("a"), task("b"), task("c"));
        ended("a", TaskResult.FAILED, 1);
        ended("b", TaskResult.SUCCEEDED, 0);
        assertThat(refused(new ReactivateBatchTask("b", null))).isEqualTo(BatchRefusalReason.TASK_NOT_FAILED);
        assertThat(refused(new ReactivateBatchTask("c", null))).isEqualTo(BatchRefusalReason.TASK_NOT_FAILED);
        ask(new ReactivateBatchTask("a", null));
        assertThat(rows.get("a").getTask().getState()).isEqualTo(BatchTaskState.ACTIVE);
        assertThat(rows.get("a").getTask().getFailure()).isNull();
        assertThat(rows.get("a").getQueuedIn()).isEqualTo(POOL);
    }

    @Test
    void countsATaskOnceInEachState() {
        add(definition(), task("a").setRequiredSlots(3), task("b"));
        ended("a", TaskResult.FAILED, 1);
        ended("a", TaskResult.FAILED, 1);
        assertThat(tally.getCounts().getActive()).isEqualTo(1);
        assertThat(tally.getCounts().getFailed()).isEqualTo(1);
        assertThat(tally.getCounts().getFailedSlots()).isEqualTo(3);
        assertThat(tally.getQueued()).isEqualTo(1);
    }
}
