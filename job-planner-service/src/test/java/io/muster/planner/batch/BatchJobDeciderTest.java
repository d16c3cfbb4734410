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
import io.muster.records.BatchTaskFinished;
import io.muster.records.BatchTaskNotAdded;
import io.muster.records.BatchTaskRow;
import io.muster.records.BatchTaskState;
import io.muster.records.BatchTasksFreeing;
import io.muster.records.BatchTasksMoving;
import io.muster.records.ChangeBatchJob;
import io.muster.records.ChangeBatchTask;
import io.muster.records.DeleteBatchJob;
import io.muster.records.DeleteBatchTask;
import io.muster.records.DependencyAction;
import io.muster.records.DisableBatchJob;
import io.muster.records.DisableTasks;
import io.muster.records.EnableBatchJob;
import io.muster.records.ExitCodeRange;
import io.muster.records.ExitConditions;
import io.muster.records.ExitOptions;
import io.muster.records.FiringOrder;
import io.muster.records.JobAction;
import io.muster.records.JobManager;
import io.muster.records.NameValue;
import io.muster.records.OnAllTasksComplete;
import io.muster.records.OnTaskFailure;
import io.muster.records.PoolRefusalReason;
import io.muster.records.ReactivateBatchTask;
import io.muster.records.ResourceFile;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskConstraints;
import io.muster.records.TaskEnded;
import io.muster.records.TaskIdRange;
import io.muster.records.TaskNews;
import io.muster.records.TaskRefused;
import io.muster.records.TaskResult;
import io.muster.records.TaskStarted;
import io.muster.records.TaskToken;
import io.muster.records.TasksIdle;
import io.muster.records.TerminateBatchJob;
import io.muster.records.TerminateBatchTask;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchJobDeciderTest {
    private static final String ID = "render-7";
    private static final String POOL = "edge";

    private final Map<String, BatchTaskRow> rows = new TreeMap<>();
    private @Nullable BatchJob job;
    private int pagesRead;
    private final Map<String, Set<String>> there = new HashMap<>();
    private int asked;
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
        public boolean isThere(String name) {
            asked++;
            return there.containsKey(name);
        }

        @Override
        public List<String> waiting(String name, int most) {
            return rows.entrySet().stream()
                    .filter(row -> name.equals(row.getValue().getWaitsFor()))
                    .map(Map.Entry::getKey)
                    .limit(most)
                    .toList();
        }

        @Override
        public Page page(@Nullable String after, int most) {
            pagesRead++;
            List<BatchTaskRow> found = rows.entrySet().stream()
                    .filter(row -> after == null || row.getKey().compareTo(after) > 0)
                    .map(Map.Entry::getValue)
                    .toList();
            return new Page(found.subList(0, Math.min(most, found.size())), found.size() > most);
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
                    BatchDependencies.names(taskId)
                            .forEach(name -> there.computeIfPresent(name, (_, by) -> without(by, taskId)));
                } else {
                    rows.put(taskId, after);
                }
                if (part instanceof BatchTaskFinished finished && finished.getSatisfies()) {
                    BatchDependencies.names(taskId)
                            .forEach(name -> there.computeIfAbsent(name, _ -> new HashSet<>())
                                    .add(taskId));
                }
            } else if (part instanceof BatchJobSwept swept) {
                tally = BatchRows.swept(tally, swept);
            } else if (part instanceof BatchTasksFreeing freeing) {
                tally = BatchRows.freeing(tally, freeing);
            } else if (part instanceof BatchTasksMoving moving) {
                tally = BatchRows.moving(tally, moving);
            }
        }
    }

    private static @Nullable Set<String> without(Set<String> ids, String id) {
        ids.remove(id);
        return ids.isEmpty() ? null : ids;
    }

    private Decision<BatchJobEvent> ask(Object command) {
        return decide(new BatchJobInput.Asked("Render-7", command, null));
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
                BatchIds.inPool(ID, id, rows.get(id).getNumber()),
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
        "FAILED, , CommandLaunchFailed, ",
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

    /** Holds field case 78, A: a job without tasks has none that is not complete. */
    @Test
    void endsAJobWithoutTasksAtOnceWhereItEndsWithAllOfThem() {
        add(definition().setOnAllTasksComplete(OnAllTasksComplete.TERMINATE_JOB));
        runDue();
        assertThat(state()).isEqualTo(BatchJobState.COMPLETED);
        assertThat(job.getTerminateReason()).isEqualTo("AllTasksComplete");
        assertThat(refused(new AddBatchTasks(List.of(task("a").build())))).isEqualTo(BatchRefusalReason.JOB_COMPLETED);
    }

    /** Holds field case 78, B and C: the end of all tasks wins over what the end of the last one says of the job. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endsAJobWithItsLastTaskWhereThatWasAskedForLater(boolean fails) {
        ExitConditions disables = ExitConditions.newBuilder()
                .setOtherwise(new ExitOptions(JobAction.DISABLE, null))
                .build();
        add(
                definition().setOnTaskFailure(OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION),
                task("a"),
                task("b").setExitConditions(disables));
        ask(ChangeBatchJob.newBuilder()
                .setOnAllTasksComplete(OnAllTasksComplete.TERMINATE_JOB)
                .build());
        ended("a", TaskResult.SUCCEEDED, 0);
        assertThat(state()).isEqualTo(BatchJobState.ACTIVE);
        ended("b", fails ? TaskResult.FAILED : TaskResult.SUCCEEDED, fails ? 1 : 0);
        runDue();
        assertThat(state()).isEqualTo(BatchJobState.COMPLETED);
        assertThat(job.getTerminateReason()).isEqualTo("AllTasksComplete");
    }

    @Test
    void leavesAJobWhoseTasksHaveEndedAsItIsWhereAnotherMemberChanges() {
        add(definition());
        ask(ChangeBatchJob.newBuilder().setMetadata(List.of()).build());
        assertThat(state()).isEqualTo(BatchJobState.ACTIVE);
    }

    @ParameterizedTest
    @CsvSource({"1, true", "-1, false"})
    void isMadeForAFiringBeforeItsEndAlone(long secondsLeft, boolean made) {
        FiringOrder order = new FiringOrder("batch/nightly", "20261121020000", false, 0, now.plusSeconds(secondsLeft));
        decide(new BatchJobInput.Asked(
                "Nightly:job-1", new AddBatchJob(definition().build()), order));
        assertThat(job != null).isEqualTo(made);
    }

    @Test
    void refusesByItsNameWhatHasNoBoundOrNoEffect() {
        add(definition());
        NameValue large = new NameValue("A", "x".repeat(40_000));
        assertThat(memberRefused(task("a").setEnvironment(List.of(large)))).isEqualTo("environmentSettings");
        assertThat(memberRefused(task("a").setEnvironment(List.of(new NameValue("A=B", "")))))
                .isEqualTo("environmentSettings");
        assertThat(memberRefused(task("a").setDisplayName("x".repeat(2000)))).isEqualTo("displayName");
        assertThat(memberRefused(task("a").setConstraints(new TaskConstraints(null, null, -1L))))
                .isEqualTo("constraints.retentionTime");
        assertThat(memberRefused(task("a")
                        .setExitConditions(ExitConditions.newBuilder()
                                .setFileUploadError(new ExitOptions(null, null))
                                .build())))
                .isEqualTo("exitConditions.fileUploadError");
        assertThat(refused(
                        ChangeBatchJob.newBuilder().setMetadata(List.of(large)).build()))
                .isEqualTo(BatchRefusalReason.INVALID);
        assertThat(refused(new TerminateBatchJob("x".repeat(2000), null))).isEqualTo(BatchRefusalReason.INVALID);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "https://files.example/a?sig=b, in/a.sh, 0755, -",
                "http://files.example:8080/a, a, -, -",
                "file:///etc/passwd, a, -, resourceFiles[0].httpUrl",
                "ftp://files.example/a, a, -, resourceFiles[0].httpUrl",
                "https://me:secret@files.example/a, a, -, resourceFiles[0].httpUrl",
                "nothing, a, -, resourceFiles[0].httpUrl",
                "https://files.example/a, ../a, -, resourceFiles[0].filePath",
                "https://files.example/a, in/../../a, -, resourceFiles[0].filePath",
                "https://files.example/a, /etc/a, -, resourceFiles[0].filePath",
                "https://files.example/a, in/, -, resourceFiles[0].filePath",
                "https://files.example/a, in\\a, -, resourceFiles[0].filePath",
                "https://files.example/a, '', -, resourceFiles[0].filePath",
                "https://files.example/a, a, rwx, resourceFiles[0].fileMode",
                "https://files.example/a, a, 07555, resourceFiles[0].fileMode"
            })
    void fetchesFilesOverHttpAloneAndBelowTheTasksDirectory(
            String url, String path, @Nullable String mode, @Nullable String member) {
        add(definition());
        assertThat(memberRefused(task("a").setFiles(List.of(new ResourceFile(url, path, mode)))))
                .isEqualTo(member);
    }

    @Test
    void fetchesSoManyFilesAndEachToAPathOfItsOwn() {
        add(definition());
        ResourceFile file = new ResourceFile("https://files.example/a", "a", null);
        assertThat(memberRefused(task("a").setFiles(List.of(file, file)))).isEqualTo("resourceFiles[1].filePath");
        List<ResourceFile> many = new ArrayList<>();
        for (int i = 0; i < 101; i++) {
            many.add(new ResourceFile("https://files.example/a", "a" + i, null));
        }
        assertThat(memberRefused(task("a").setFiles(many))).isEqualTo("resourceFiles");
    }

    private @Nullable String memberRefused(BatchTaskDefinition.Builder task) {
        Decision<BatchJobEvent> decision = ask(new AddBatchTasks(List.of(task.build())));
        Object first = ((Decision.Happened<BatchJobEvent>) decision)
                .event()
                .getEvents()
                .getFirst();
        return first instanceof BatchTaskNotAdded not ? not.getRefused().getMember() : null;
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
    void looksAtNoTasksOfAJobWhoseTasksHaveAllCompleted() {
        BatchTaskDefinition.Builder[] many = new BatchTaskDefinition.Builder[900];
        for (int i = 0; i < many.length; i++) {
            many[i] = task("t" + i);
        }
        add(definition(), many);
        List.copyOf(rows.keySet()).forEach(id -> ended(id, TaskResult.SUCCEEDED, 0));
        ask(new TerminateBatchJob("enough", null));
        pagesRead = 0;
        runDue();
        assertThat(state()).isEqualTo(BatchJobState.COMPLETED);
        assertThat(pagesRead).isZero();
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

    private void idle() {
        long number = job.getStateSince().toEpochMilli();
        decide(new BatchJobInput.Told(new TaskNews(ID, POOL, "", now, new TasksIdle(number))));
    }

    @Test
    void isDisabledWhenItsPoolSaysThatNoneOfItsTasksIsPlacedAndNotBefore() {
        add(definition(), task("a"));
        assertThat(refused(new EnableBatchJob((Long) null))).isEqualTo(BatchRefusalReason.JOB_STATE);
        ask(new DisableBatchJob(DisableTasks.WAIT, null));
        assertThat(state()).isEqualTo(BatchJobState.DISABLING);
        assertThat(refused(new DisableBatchJob(DisableTasks.WAIT, null))).isEqualTo(BatchRefusalReason.JOB_STATE);
        decide(new BatchJobInput.Told(new TaskNews(ID, POOL, "", now, new TasksIdle(1L))));
        assertThat(state()).as("news of another rule").isEqualTo(BatchJobState.DISABLING);
        idle();
        assertThat(state()).isEqualTo(BatchJobState.DISABLED);
        assertThat(refused(new AddBatchTasks(List.of(task("b").build())))).isNull();
        ask(new EnableBatchJob((Long) null));
        assertThat(state()).isEqualTo(BatchJobState.ACTIVE);
        idle();
        assertThat(state()).as("late news").isEqualTo(BatchJobState.ACTIVE);
    }

    @Test
    void isDisabledByTheConditionsOfATask() {
        ExitConditions conditions = ExitConditions.newBuilder()
                .setOtherwise(new ExitOptions(JobAction.DISABLE, null))
                .build();
        add(
                definition().setOnTaskFailure(OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION),
                task("a").setExitConditions(conditions),
                task("b"));
        ended("a", TaskResult.FAILED, 1);
        assertThat(state()).isEqualTo(BatchJobState.DISABLING);
        assertThat(job.getDisabled()).isEqualTo(DisableTasks.REQUEUE);
    }

    private boolean isQueued(String id) {
        return rows.get(id).getQueuedIn() != null;
    }

    private static TaskIdRange range(long start, long end) {
        return new TaskIdRange(start, end);
    }

    @Test
    void givesATaskToThePoolWhenAllOnWhichItDependsHaveSucceededInAnyOrder() {
        add(
                definition().setUsesTaskDependencies(true),
                task("a"),
                task("004"),
                task("5"),
                task("late").setDependsOn(List.of("A")).setDependsOnRanges(List.of(range(4, 5))));
        assertThat(isQueued("late")).isFalse();
        ended("5", TaskResult.SUCCEEDED, 0);
        ended("a", TaskResult.SUCCEEDED, 0);
        assertThat(isQueued("late")).as("004 has not ended").isFalse();
        ended("004", TaskResult.SUCCEEDED, 0);
        assertThat(isQueued("late")).isTrue();
        ask(new AddBatchTasks(
                List.of(task("later").setDependsOn(List.of("a", "004")).build())));
        assertThat(isQueued("later")).as("all are there").isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "0, , true",
        "1, , false",
        "0, BLOCK, false",
        "1, SATISFY, true",
    })
    void letsTasksRunBehindAnEndAsItsConditionsSay(int code, @Nullable DependencyAction action, boolean runs) {
        ExitConditions conditions = ExitConditions.newBuilder()
                .setCodes(List.of(new ExitCodeRange(0, 1, new ExitOptions(null, action))))
                .build();
        add(
                definition().setUsesTaskDependencies(true),
                task("a").setExitConditions(conditions),
                task("b").setDependsOn(List.of("a")));
        ended("a", code == 0 ? TaskResult.SUCCEEDED : TaskResult.FAILED, code);
        assertThat(isQueued("b")).isEqualTo(runs);
        assertThat(tally.getCounts().getActive()).isEqualTo(1);
    }

    @Test
    void runsBehindATaskThatSucceedsWhenItIsRunAgain() {
        add(definition().setUsesTaskDependencies(true), task("a"), task("b").setDependsOn(List.of("a")));
        ended("a", TaskResult.FAILED, 1);
        ask(new ReactivateBatchTask("a", null));
        ended("a", TaskResult.SUCCEEDED, 0);
        assertThat(isQueued("b")).isTrue();
    }

    /** Ends a task for which 500 others wait. */
    private void endTheFirstOf501() {
        BatchTaskDefinition.Builder[] many = new BatchTaskDefinition.Builder[501];
        many[0] = task("first");
        for (int i = 1; i < many.length; i++) {
            many[i] = task("t" + i).setDependsOn(List.of("first"));
        }
        add(definition().setUsesTaskDependencies(true), many);
        ended("first", TaskResult.SUCCEEDED, 0);
    }

    @Test
    void freesManyThatWaitForOneInSteps() {
        endTheFirstOf501();
        assertThat(tally.getQueued()).isEqualTo(BatchJobDecider.MOST_SWEPT);
        runDue();
        assertThat(tally.getQueued()).isEqualTo(500);
        assertThat(tally.getFreeing()).isEmpty();
    }

    /** Deletes the task for which the others wait, while they are freed. */
    @Test
    void freesManyThatWaitForOneThatIsDeletedMeanwhile() {
        endTheFirstOf501();
        ask(new DeleteBatchTask("first", null));
        runDue();
        assertThat(tally.getQueued()).isEqualTo(500);
        assertThat(tally.getFreeing()).isEmpty();
    }

    @Test
    void freesSoManyInOneStepWhateverTheyWaitedFor() {
        BatchTaskDefinition.Builder[] many = new BatchTaskDefinition.Builder[602];
        for (int i = 0; i < many.length; i++) {
            many[i] = i < 2 ? task("first" + i) : task("t" + i).setDependsOn(List.of("first" + i % 2));
        }
        add(definition().setUsesTaskDependencies(true), many);
        ended("first0", TaskResult.SUCCEEDED, 0);
        ended("first1", TaskResult.SUCCEEDED, 0);
        assertThat(tally.getQueued()).isEqualTo(400);
        decide(new BatchJobInput.Sweep());
        assertThat(tally.getQueued()).isLessThanOrEqualTo(600);
        runDue();
        assertThat(tally.getQueued()).isEqualTo(600);
        assertThat(tally.getFreeing()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void asksAgainAFewTimesAboutWhatATaskDependsOnWhetherThatComesInItsOrderOrInTheReverseOne(boolean inOrder) {
        int all = 500;
        BatchTaskDefinition.Builder[] many = new BatchTaskDefinition.Builder[all + 1];
        for (int i = 0; i < all; i++) {
            many[i] = task(Integer.toString(i));
        }
        many[all] = task("last").setDependsOnRanges(List.of(range(0, all - 1L)));
        add(definition().setUsesTaskDependencies(true), many);
        Set<@Nullable String> waits = new LinkedHashSet<>();
        for (int i = 0; i < all; i++) {
            assertThat(rows.get("last").getQueuedIn()).isNull();
            waits.add(rows.get("last").getWaitsFor());
            ended(Integer.toString(inOrder ? i : all - 1 - i), TaskResult.SUCCEEDED, 0);
        }
        assertThat(rows.get("last").getQueuedIn()).isEqualTo(POOL);
        assertThat(waits).hasSizeLessThan(20);
    }

    @Test
    void asksInOneDecisionAboutAsMuchAsOneTaskCanDependOnAndGoesOnInTheNextSteps() {
        add(definition().setUsesTaskDependencies(true), task("1"));
        ended("1", TaskResult.SUCCEEDED, 0);
        for (int i = 2; i <= 4000; i++) {
            there.put("#" + i, new HashSet<>(Set.of("t")));
        }
        List<BatchTaskDefinition> many = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            many.add(task("t" + i).setDependsOnRanges(List.of(range(1, 4000))).build());
        }
        asked = 0;
        ask(new AddBatchTasks(many));
        assertThat(asked).isLessThanOrEqualTo(10_100);
        for (int step = 0; step < 100 && tally.getQueued() < 100; step++) {
            asked = 0;
            decide(new BatchJobInput.Sweep());
            assertThat(asked).isLessThanOrEqualTo(10_100);
        }
        assertThat(tally.getQueued()).isEqualTo(100);
        runDue();
        assertThat(tally.getFreeing()).isEmpty();
    }

    @Test
    void findsWhatATaskDependsOnAcrossItsIdsAndAllItsRanges() {
        add(
                definition().setUsesTaskDependencies(true),
                task("a"),
                task("b"),
                task("3"),
                task("007"),
                task("8"),
                task("12"),
                task("late")
                        .setDependsOn(List.of("a", "b"))
                        .setDependsOnRanges(List.of(range(3, 3), range(7, 8), range(12, 12))));
        List<String> all = List.of("12", "b", "007", "a", "8", "3");
        for (String id : all) {
            assertThat(rows.get("late").getQueuedIn()).as("before " + id).isNull();
            ended(id, TaskResult.SUCCEEDED, 0);
        }
        assertThat(rows.get("late").getQueuedIn()).isEqualTo(POOL);
    }

    @Test
    void refusesARangeThatHoldsTheTasksOwnId() {
        add(definition().setUsesTaskDependencies(true));
        assertThat(memberRefused(task("007").setDependsOnRanges(List.of(range(5, 9)))))
                .isEqualTo("dependsOn.taskIdRanges");
        assertThat(memberRefused(task("4").setDependsOnRanges(List.of(range(5, 9)))))
                .isNull();
        assertThat(memberRefused(task("0".repeat(40) + "9".repeat(20)).setDependsOnRanges(List.of(range(5, 9)))))
                .isNull();
    }

    @Test
    void endsATaskThatWaitsWithItsJob() {
        add(definition().setUsesTaskDependencies(true), task("a"), task("b").setDependsOn(List.of("a")));
        ask(new TerminateBatchJob("enough", null));
        runDue();
        assertThat(rows.get("b").getTask().getFailure().getCode()).isEqualTo("TaskEnded");
        assertThat(rows.get("b").getWaitsFor()).isNull();
    }

    @Test
    void refusesDependenciesThatTheJobDoesNotUseOrThatAreTooManyOrItsOwn() {
        add(definition());
        assertThat(memberRefused(task("b").setDependsOn(List.of("a")))).isEqualTo("dependsOn");
        ask(new DeleteBatchJob((Long) null));
        runDue();
        tally = BatchRows.empty();
        add(definition().setUsesTaskDependencies(true));
        assertThat(memberRefused(task("b").setDependsOnRanges(List.of(range(0, 10_000)))))
                .isEqualTo("dependsOn");
        assertThat(memberRefused(task("b").setDependsOn(List.of("B")))).isEqualTo("dependsOn.taskIds");
    }

    private static ChangeBatchJob toPool(String pool) {
        return ChangeBatchJob.newBuilder().setPoolId(pool).build();
    }

    @Test
    void takesThePoolOfAJobInAnotherSpellingForTheSame() {
        add(definition());
        assertThat(refused(toPool("EDGE")))
                .as("an active job stays in its pool")
                .isNull();
        assertThat(job.getDefinition().getPoolId()).isEqualTo(POOL);
    }

    @Test
    void readsPastManyEndedTasksInFewStepsOfAMove() {
        BatchTaskDefinition.Builder[] many = new BatchTaskDefinition.Builder[5 * BatchJobDecider.MOST_SWEPT];
        for (int i = 0; i < many.length; i++) {
            many[i] = task("t" + (1000 + i));
        }
        add(definition(), many);
        List.copyOf(rows.keySet()).stream().limit(many.length - 1).forEach(id -> ended(id, TaskResult.SUCCEEDED, 0));
        becomesDisabled();
        ask(toPool("other"));
        pagesRead = 0;
        runDue();
        assertThat(rows.values().stream().filter(row -> "other".equals(row.getQueuedIn())))
                .hasSize(1);
        assertThat(pagesRead).isEqualTo(1);
    }

    private void becomesDisabled() {
        ask(new DisableBatchJob(DisableTasks.REQUEUE, null));
        decide(new BatchJobInput.Told(
                new TaskNews(ID, POOL, "", now, new TasksIdle(BatchTaskPrograms.ruleNumber(job)))));
    }

    @Test
    void givesTheTasksOfADisabledJobToAnotherPoolSomeAtATime() {
        BatchTaskDefinition.Builder[] many = new BatchTaskDefinition.Builder[3 * BatchJobDecider.MOST_SWEPT];
        for (int i = 0; i < many.length; i++) {
            many[i] = task("t" + i);
        }
        add(definition(), many);
        ended("t0", TaskResult.SUCCEEDED, 0);
        ask(new TerminateBatchTask("t1", null));
        assertThat(refused(toPool("other"))).isEqualTo(BatchRefusalReason.JOB_STATE);
        becomesDisabled();
        String before = BatchIds.inPool(ID, "t2", rows.get("t2").getNumber());
        assertThat(refused(toPool("other"))).isNull();
        assertThat(refused(toPool("third"))).as("they are on their way").isEqualTo(BatchRefusalReason.JOB_STATE);
        assertThat(rows.get("t2").getQueuedIn()).isEqualTo(POOL);
        decide(new BatchJobInput.Sweep());
        assertThat(rows.values().stream().filter(row -> "other".equals(row.getQueuedIn())))
                .hasSizeLessThanOrEqualTo(BatchJobDecider.MOST_SWEPT)
                .isNotEmpty();
        runDue();
        assertThat(rows.values().stream().filter(row -> "other".equals(row.getQueuedIn())))
                .hasSize(many.length - 2);
        assertThat(rows.get("t1").getQueuedIn()).as("it ends there").isEqualTo(POOL);
        assertThat(tally.getMovingFrom()).isNull();
        TaskEnded ended = new TaskEnded(TaskResult.SUCCEEDED, 0, "", new TaskAttempt(0, 0, 0), now);
        decide(new BatchJobInput.Told(new TaskNews(ID, POOL, before, now, ended)));
        assertThat(rows.get("t2").getTask().getState())
                .as("what the other pool says counts no more")
                .isEqualTo(BatchTaskState.ACTIVE);
        assertThat(refused(toPool("third"))).isNull();
    }

    @Test
    void endsAJobWithItsManager() {
        add(definition().setManager(new JobManager(task("manager").build(), true)));
        ended("manager", TaskResult.SUCCEEDED, 0);
        assertThat(job.getTerminateReason()).isEqualTo("JMComplete");
    }

    @Test
    void endsAJobWhenItsLastTaskHasEndedAndNotBefore() {
        add(definition(), task("a"), task("b"));
        ask(ChangeBatchJob.newBuilder()
                .setOnAllTasksComplete(OnAllTasksComplete.TERMINATE_JOB)
                .build());
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
    void hearsOfATaskThatItGaveToThePoolAndOfNoneThatHadItsIdBefore() {
        add(definition(), task("a"));
        String before = BatchIds.inPool(ID, "a", rows.get("a").getNumber());
        ask(new DeleteBatchTask("a", null));
        ask(new AddBatchTasks(List.of(task("A").build())));
        TaskEnded stopped = new TaskEnded(TaskResult.STOPPED, null, "", new TaskAttempt(0, 0, 0), now);
        decide(new BatchJobInput.Told(new TaskNews(ID, POOL, before, now, stopped)));
        assertThat(rows.get("a").getTask().getState()).isEqualTo(BatchTaskState.ACTIVE);
        ended("a", TaskResult.SUCCEEDED, 0);
        assertThat(rows.get("a").getTask().getSucceeded()).isTrue();
    }

    @Test
    void givesATaskANumberThatNoneOfADeletedJobHad() {
        add(definition(), task("a"));
        long before = rows.get("a").getNumber();
        ask(new DeleteBatchTask("a", null));
        ask(new DeleteBatchJob((Long) null));
        runDue();
        assertThat(state()).isNull();
        tally = BatchRows.empty();
        now = now.plusMillis(1);
        add(definition(), task("a"));
        assertThat(rows.get("a").getNumber()).isGreaterThan(before);
    }

    @Test
    void givesATaskThatItsPoolRefusesToItOnceMore() {
        add(definition(), task("a"));
        long before = rows.get("a").getNumber();
        TaskRefused refused = new TaskRefused(PoolRefusalReason.STILL_ENDING, "Wait.");
        decide(new BatchJobInput.Told(new TaskNews(ID, POOL, BatchIds.inPool(ID, "a", before), now, refused)));
        assertThat(rows.get("a").getTask().getState()).isEqualTo(BatchTaskState.ACTIVE);
        assertThat(rows.get("a").getNumber()).isGreaterThan(before);
    }

    @Test
    void saysWhenItsPoolDecidedAndNotWhenItHeard() {
        add(definition(), task("a"));
        Instant decided = now;
        now = now.plusSeconds(3);
        TaskEnded ended = new TaskEnded(TaskResult.SUCCEEDED, 0, "", new TaskAttempt(0, 0, 0), decided);
        decide(new BatchJobInput.Told(
                new TaskNews(ID, POOL, BatchIds.inPool(ID, "a", rows.get("a").getNumber()), decided, ended)));
        assertThat(rows.get("a").getTask().getEndedAt()).isEqualTo(decided);
    }

    @Test
    void refusesAnotherLimitOfTimeOfATaskThatRuns() {
        add(definition(), task("a"));
        TaskConstraints limited = new TaskConstraints(3, 60_000L, null);
        ask(new ChangeBatchTask("a", limited, null));
        String inPool = BatchIds.inPool(ID, "a", rows.get("a").getNumber());
        TaskStarted started = new TaskStarted("node-1", new TaskToken(inPool, 0L), new TaskAttempt(0, 0, 0));
        decide(new BatchJobInput.Told(new TaskNews(ID, POOL, inPool, now, started)));
        assertThat(refused(new ChangeBatchTask("a", new TaskConstraints(3, 90_000L, null), null)))
                .isEqualTo(BatchRefusalReason.INVALID);
        assertThat(refused(new ChangeBatchTask("a", new TaskConstraints(4, 60_000L, null), null)))
                .isNull();
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
