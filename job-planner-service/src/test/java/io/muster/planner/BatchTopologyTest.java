package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.muster.planner.json.Json;
import io.muster.records.AddBatchJob;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobState;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.BatchSubtask;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskAdded;
import io.muster.records.BatchTaskCounts;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskPage;
import io.muster.records.BatchTaskState;
import io.muster.records.BatchTasksAdded;
import io.muster.records.Capability;
import io.muster.records.ChangeBatchJob;
import io.muster.records.ChangeBatchTask;
import io.muster.records.ConfigurePool;
import io.muster.records.CountBatchTasks;
import io.muster.records.Deallocation;
import io.muster.records.DeleteBatchJob;
import io.muster.records.DeleteBatchTask;
import io.muster.records.DisableBatchJob;
import io.muster.records.DisableTasks;
import io.muster.records.EnableBatchJob;
import io.muster.records.ExitCause;
import io.muster.records.ListBatchTasks;
import io.muster.records.MultiInstance;
import io.muster.records.NameValue;
import io.muster.records.NodeReported;
import io.muster.records.NodeValue;
import io.muster.records.OnAllTasksComplete;
import io.muster.records.PlacementPolicy;
import io.muster.records.ProceedAttempt;
import io.muster.records.ProgramCoordinated;
import io.muster.records.ProgramExited;
import io.muster.records.ProgramStarted;
import io.muster.records.ReadBatchTask;
import io.muster.records.ResourceFile;
import io.muster.records.SetNodeScheduling;
import io.muster.records.StartAttempt;
import io.muster.records.StartUndelivered;
import io.muster.records.StopAttempt;
import io.muster.records.TaskConstraints;
import io.muster.records.TaskIdRange;
import io.muster.records.TaskToken;
import io.muster.records.TerminateBatchJob;
import io.muster.records.TerminateBatchTask;
import io.muster.records.WebFile;
import io.muster.topics.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs jobs of Batch in the planner's topology: tasks go to a pool, to a node, and their ends come back. */
class BatchTopologyTest {
    private static final String POOL = "edge";
    private static final String JOB = "Render-7";
    private static final String NODE = "node-1";
    private static final Duration TICK = Duration.ofMillis(20);

    private final PlannerDriver planner = new PlannerDriver();
    private long epoch;

    @AfterEach
    void close() {
        assertThat(planner.deadLetters()).isEmpty();
        planner.close();
    }

    private void node(int slots) {
        planner.create(NODE, "{\"compute\":{\"pool\":\"" + POOL + "\"}}");
        epoch = planner.connect(NODE, Capability.TASKS);
        planner.reportToPool(POOL, NODE, epoch, new NodeReported(1L, "boot", slots, List.of(), List.of(), ""));
    }

    private Object ask(Object command) {
        planner.batchJob(JOB, command);
        planner.advance(TICK);
        return planner.replies().getLast().getOutcome();
    }

    private void ticks(int count) {
        for (int i = 0; i < count; i++) {
            planner.advance(TICK);
        }
    }

    private static AddBatchJob job() {
        return new AddBatchJob(definition().build());
    }

    private static BatchJobDefinition.Builder definition() {
        return BatchJobDefinition.newBuilder().setPoolId(POOL);
    }

    private static BatchTaskDefinition task(String id, int retries) {
        return BatchTaskDefinition.newBuilder()
                .setTaskId(id)
                .setCommandLine("render --frame " + id)
                .setConstraints(new TaskConstraints(retries, null, null))
                .build();
    }

    private TaskToken started() {
        StartAttempt start = (StartAttempt) planner.orders(NODE).getLast().order();
        planner.reportToPool(POOL, NODE, epoch, new ProgramStarted(start.getToken()));
        return start.getToken();
    }

    private void exited(TaskToken token, int code, ExitCause cause) {
        planner.reportToPool(POOL, NODE, epoch, new ProgramExited(token, code, cause, ""));
        planner.advance(TICK);
    }

    private BatchTask read(String id) {
        return (BatchTask) ask(new ReadBatchTask(id));
    }

    @Test
    void carriesATaskToANodeAndItsEndBack() {
        node(2);
        assertThat(ask(job())).isInstanceOf(BatchJob.class);
        BatchTasksAdded added = (BatchTasksAdded) ask(new AddBatchTasks(List.of(task("Frame-1", 1))));
        assertThat(added.getTasks()).extracting(BatchTaskAdded::getTaskId).containsExactly("Frame-1");
        StartAttempt start = (StartAttempt) planner.orders(NODE).getLast().order();
        assertThat(start.getProgram().getCommand()).containsExactly("render", "--frame", "Frame-1");
        assertThat(start.getProgram().getEnvironment())
                .containsEntry("AZ_BATCH_JOB_ID", JOB)
                .containsEntry("AZ_BATCH_TASK_ID", "Frame-1");
        assertThat(start.getProgram().getNodeEnvironment())
                .containsOnly(
                        entry("AZ_BATCH_NODE_ID", NodeValue.NODE_ID),
                        entry("AZ_BATCH_NODE_ROOT_DIR", NodeValue.NODE_DIRECTORY),
                        entry("AZ_BATCH_NODE_SHARED_DIR", NodeValue.DATA_DIRECTORY),
                        entry("AZ_BATCH_TASK_DIR", NodeValue.ATTEMPT_DIRECTORY),
                        entry("AZ_BATCH_TASK_WORKING_DIR", NodeValue.WORKING_DIRECTORY));
        assertThat(start.getProgram().getDataDirectory()).isEqualTo("batch/shared");
        assertThat(start.getProgram().getRetentionSeconds())
                .as("seven days, where nobody says")
                .isEqualTo(604_800L);
        exited(started(), 7, ExitCause.ITSELF);
        assertThat(read("frame-1").getState()).isEqualTo(BatchTaskState.ACTIVE);
        assertThat(read("frame-1").getLastRetryAt()).isNotNull();
        TaskToken token = started();
        assertThat(read("frame-1").getState()).isEqualTo(BatchTaskState.RUNNING);
        assertThat(read("frame-1").getNodeId()).isEqualTo(NODE);
        exited(token, 0, ExitCause.ITSELF);
        BatchTask task = read("FRAME-1");
        assertThat(task.getState()).isEqualTo(BatchTaskState.COMPLETED);
        assertThat(task.getExitCode()).isZero();
        assertThat(task.getSucceeded()).isTrue();
        assertThat(task.getAttempt().getRetries()).isEqualTo(1);
        assertThat(planner.changelog("pool-tasks"))
                .as("the pool keeps no task that has ended")
                .isEmpty();
    }

    private static BatchTaskDefinition gang(String id, String coordination) {
        return BatchTaskDefinition.newBuilder(task(id, 0))
                .setMultiInstance(MultiInstance.newBuilder()
                        .setInstances(2)
                        .setCoordinationCommandLine(coordination)
                        .build())
                .build();
    }

    /** Connects a node at an address. @return over which connection */
    private long nodeAt(String id, String address) {
        planner.create(id, "{\"compute\":{\"pool\":\"" + POOL + "\"}}");
        long over = planner.connect(id, Capability.TASKS);
        planner.reportToPool(POOL, id, over, new NodeReported(1L, "boot", 4, List.of(), List.of(), address));
        return over;
    }

    private StartAttempt start(String node) {
        return planner.orders(node).stream()
                .map(each -> each.order())
                .filter(StartAttempt.class::isInstance)
                .map(StartAttempt.class::cast)
                .reduce((_, last) -> last)
                .orElseThrow();
    }

    @Test
    void carriesATaskToSeveralNodesAndSaysWhatItsSubtasksDo() {
        planner.pool(POOL, new ConfigurePool(1, PlacementPolicy.SPREAD, false, true));
        long one = nodeAt("node-1", "10.0.0.4");
        long two = nodeAt("node-2", "");
        ask(job());
        ask(new AddBatchTasks(List.of(gang("g", "prepare 'all of it'"))));
        StartAttempt primary = start("node-1");
        assertThat(primary.getProgram().getCoordination()).containsExactly("prepare", "all of it");
        assertThat(primary.getProgram().getCommand()).containsExactly("render", "--frame", "g");
        assertThat(primary.getProgram().getEnvironment())
                .containsEntry("AZ_BATCH_NODE_LIST", "10.0.0.4;node-2")
                .containsEntry("AZ_BATCH_HOST_LIST", "10.0.0.4,node-2")
                .containsEntry("AZ_BATCH_MASTER_NODE", "10.0.0.4:6000")
                .containsEntry("AZ_BATCH_IS_CURRENT_NODE_MASTER", "true")
                .containsEntry("CCP_NODES", "2 10.0.0.4 1 node-2 1");
        assertThat(primary.getProgram().getNodeEnvironment())
                .containsEntry("AZ_BATCH_TASK_SHARED_DIR", NodeValue.SHARED_DIRECTORY);
        assertThat(start("node-2").getProgram().getEnvironment())
                .containsEntry("AZ_BATCH_IS_CURRENT_NODE_MASTER", "false");
        assertThat(subtask("g").getState()).isEqualTo(BatchTaskState.PREPARING);
        TaskToken token = primary.getToken();
        planner.reportToPool(POOL, "node-1", one, new ProgramStarted(token));
        planner.reportToPool(POOL, "node-2", two, new ProgramStarted(token));
        planner.reportToPool(POOL, "node-1", one, new ProgramCoordinated(token));
        assertThat(subtask("g").getState()).isEqualTo(BatchTaskState.RUNNING);
        assertThat(subtask("g").getExitCode()).isNull();
        assertThat(planner.orders("node-1").getLast().order()).isNotInstanceOf(ProceedAttempt.class);
        planner.reportToPool(POOL, "node-2", two, new ProgramCoordinated(token));
        assertThat(planner.orders("node-1").getLast().order()).isEqualTo(new ProceedAttempt(token));
        assertThat(subtask("g").getExitCode()).isZero();
        planner.reportToPool(POOL, "node-1", one, new ProgramExited(token, 7, ExitCause.ITSELF, ""));
        assertThat(planner.orders("node-2").getLast().order()).isEqualTo(new StopAttempt(token));
        assertThat(read("g").getState()).as("a node runs it").isEqualTo(BatchTaskState.RUNNING);
        planner.reportToPool(POOL, "node-2", two, new ProgramExited(token, 143, ExitCause.STOPPED, ""));
        BatchTask task = read("g");
        assertThat(task.getState()).isEqualTo(BatchTaskState.COMPLETED);
        assertThat(task.getExitCode()).as("the primary's").isEqualTo(7);
        assertThat(task.getNodeId()).isEqualTo("node-1");
        BatchSubtask subtask = subtask("g");
        assertThat(subtask.getId()).isEqualTo(1);
        assertThat(subtask.getNodeId()).isEqualTo("node-2");
        assertThat(subtask.getState()).isEqualTo(BatchTaskState.COMPLETED);
        assertThat(subtask.getExitCode()).as("its coordination command's").isZero();
        assertThat(subtask.getFailure()).isNull();
        assertThat(eventsOf("g"))
                .as("one set for the task")
                .containsExactly("TaskStartEvent", "TaskCompleteEvent", "TaskFailEvent");
        assertThat(planner.taskEvents().getFirst().value()).contains("\"numberOfInstances\":2");
    }

    private BatchSubtask subtask(String task) {
        List<BatchSubtask> all = read(task).getSubtasks();
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    private List<String> eventsOf(String task) {
        return planner.taskEvents().stream()
                .filter(event -> event.key().equals(JOB + "/" + task))
                .map(event -> new String(
                        event.headers().lastHeader(Headers.EVENT_TYPE).value(), StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void saysWhyASubtaskFailedAndTheTaskWithIt() {
        planner.pool(POOL, new ConfigurePool(1, PlacementPolicy.SPREAD, false, true));
        long one = nodeAt("node-1", "");
        long two = nodeAt("node-2", "");
        ask(job());
        ask(new AddBatchTasks(List.of(gang("g", "prepare"))));
        TaskToken token = start("node-1").getToken();
        planner.reportToPool(POOL, "node-1", one, new ProgramStarted(token));
        planner.reportToPool(POOL, "node-2", two, new ProgramExited(token, 3, ExitCause.ITSELF, ""));
        planner.reportToPool(POOL, "node-1", one, new ProgramExited(token, 143, ExitCause.STOPPED, ""));
        BatchTask task = read("g");
        assertThat(task.getSucceeded()).isFalse();
        assertThat(task.getExitCode()).isEqualTo(3);
        assertThat(task.getFailure().getMessage())
                .isEqualTo("The task exited with the code 3. The subtask on node-2 failed.");
        assertThat(subtask("g").getFailure().getCode()).isEqualTo("FailureExitCode");
        assertThat(subtask("g").getExitCode()).isEqualTo(3);
    }

    @Test
    void saysOnceThatAPoolCanNotRunAMultiInstanceTask() {
        node(4);
        ask(job());
        ask(new AddBatchTasks(List.of(gang("g", "prepare"))));
        planner.advance(Duration.ofMinutes(10));
        assertThat(eventsOf("g")).containsExactly("TaskScheduleFailEvent");
        assertThat(planner.taskEvents().getFirst().value()).contains("\"code\":\"MultiInstanceRequirementsNotMet\"");
        assertThat(read("g").getState()).isEqualTo(BatchTaskState.ACTIVE);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 1, prepare, requiredSlots",
        "1, 0, prepare, multiInstanceSettings.numberOfInstances",
        "1, 257, prepare, multiInstanceSettings.numberOfInstances",
        "1, 2, ' ', multiInstanceSettings.coordinationCommandLine"
    })
    void refusesATaskOnSeveralNodesThatCanNotBe(int slots, int instances, String coordination, String member) {
        ask(job());
        BatchTasksAdded added =
                (BatchTasksAdded) ask(new AddBatchTasks(List.of(BatchTaskDefinition.newBuilder(task("g", 0))
                        .setRequiredSlots(slots)
                        .setMultiInstance(MultiInstance.newBuilder()
                                .setInstances(instances)
                                .setCoordinationCommandLine(coordination)
                                .build())
                        .build())));
        assertThat(added.getTasks().getFirst().getRefused().getMember()).isEqualTo(member);
    }

    @Test
    void hasItsNodeFetchTheFilesOfATaskAndEndsItWhereThatFails() {
        node(1);
        ask(job());
        ResourceFile file = new ResourceFile("https://files.example/a", "in/a", "0755");
        ask(new AddBatchTasks(List.of(BatchTaskDefinition.newBuilder(task("a", 3))
                .setFiles(List.of(file))
                .build())));
        StartAttempt start = (StartAttempt) planner.orders(NODE).getLast().order();
        assertThat(start.getProgram().getWebFiles())
                .containsExactly(new WebFile("https://files.example/a", "in/a", "0755"));
        exited(start.getToken(), 1, ExitCause.NOT_STARTED);
        BatchTask task = read("a");
        assertThat(task.getState()).as("it is not tried again").isEqualTo(BatchTaskState.COMPLETED);
        assertThat(task.getFailure().getCode()).isEqualTo("CommandLaunchFailed");
        assertThat(task.getAttempt().getRetries()).isZero();
    }

    /** Holds field case 80: a command that can't start is no program that failed. */
    @Test
    void completesATaskWhoseCommandCanNotStartWithoutAnExitCode() {
        node(1);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 1))));
        StartAttempt start = (StartAttempt) planner.orders(NODE).getLast().order();
        exited(start.getToken(), 127, ExitCause.NOT_STARTED);
        assertThat(events()).containsExactly("Start(0/0)", "Complete(0/0)", "Fail(0/0)");
        assertThat(planner.taskEvents().getLast().value()).doesNotContain("exitCode", "startTime");
        BatchTask task = read("a");
        assertThat(task.getState()).isEqualTo(BatchTaskState.COMPLETED);
        assertThat(task.getExitCode()).isNull();
        assertThat(task.getSucceeded()).isFalse();
        assertThat(task.getFailure().getCode()).isEqualTo("CommandLaunchFailed");
    }

    @Test
    void refusesEachTaskThatCanNotBeAddedAndAddsTheOthers() {
        ask(job());
        BatchTasksAdded added =
                (BatchTasksAdded) ask(new AddBatchTasks(List.of(task("a", 0), task("A", 0), task("no good", 0))));
        assertThat(added.getTasks())
                .extracting(each ->
                        each.getRefused() == null ? null : each.getRefused().getReason())
                .containsExactly(null, BatchRefusalReason.TASK_EXISTS, BatchRefusalReason.INVALID);
        assertThat(((BatchTaskCounts) ask(new CountBatchTasks())).getActive()).isEqualTo(1);
    }

    @Test
    void refusesACommandForAJobThatIsNotThere() {
        assertThat(((BatchRefused) ask(new CountBatchTasks())).getReason()).isEqualTo(BatchRefusalReason.JOB_NOT_FOUND);
        assertThat(planner.batchJobEvents()).as("a question writes no event").isEmpty();
        ask(new TerminateBatchJob("why", null));
        assertThat(planner.batchJobEvents()).hasSize(1);
    }

    @Test
    void listsTasksInTheOrderOfTheirIdsByPages() {
        ask(job());
        ask(new AddBatchTasks(List.of(task("c", 0), task("A", 0), task("b", 0))));
        BatchTaskPage first = (BatchTaskPage) ask(new ListBatchTasks(null, 2));
        assertThat(first.getTasks())
                .extracting(each -> each.getDefinition().getTaskId())
                .containsExactly("A", "b");
        assertThat(first.getMore()).isTrue();
        BatchTaskPage last = (BatchTaskPage) ask(new ListBatchTasks("b", 2));
        assertThat(last.getTasks())
                .extracting(each -> each.getDefinition().getTaskId())
                .containsExactly("c");
        assertThat(last.getMore()).isFalse();
    }

    @Test
    void endsARunningTaskThatIsTerminated() {
        node(1);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 3))));
        TaskToken token = started();
        ask(new TerminateBatchTask("a", null));
        assertThat(planner.orders(NODE).getLast().order()).isEqualTo(new StopAttempt(token));
        exited(token, 143, ExitCause.STOPPED);
        BatchTask task = read("a");
        assertThat(task.getState()).isEqualTo(BatchTaskState.COMPLETED);
        assertThat(task.getExitCode()).isNull();
        assertThat(task.getFailure().getCode()).isEqualTo("TaskEnded");
    }

    @Test
    void completesAJobWhenAllItsTasksHave() {
        node(1);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0))));
        ask(ChangeBatchJob.newBuilder()
                .setOnAllTasksComplete(OnAllTasksComplete.TERMINATE_JOB)
                .build());
        exited(started(), 0, ExitCause.ITSELF);
        ticks(5);
        BatchJob job = planner.latestBatchJob(JOB);
        assertThat(job.getState()).isEqualTo(BatchJobState.COMPLETED);
        assertThat(job.getTerminateReason()).isEqualTo("AllTasksComplete");
    }

    /** Says what became of the attempts of a task, in the order of its events, as the contract's table writes it. */
    private List<String> events() {
        return planner.taskEvents().stream().map(BatchTopologyTest::event).toList();
    }

    private static String event(TestRecord<String, String> record) {
        Map<String, Object> body = Json.stored(record.value());
        if (body.get("schedulingError") != null) {
            return "ScheduleFail";
        }
        Map<?, ?> execution = (Map<?, ?>) body.get("executionInfo");
        String type = new String(record.headers().lastHeader(Headers.EVENT_TYPE).value(), StandardCharsets.UTF_8);
        return type.replaceAll("Task(.*)Event", "$1") + "(" + execution.get("retryCount") + "/"
                + body.get("systemTaskVersion") + ")"
                + (execution.get("exitCode") == null ? "" : " exit " + execution.get("exitCode"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2  | 7 7 7     | Start(0/0), Start(1/0), Start(2/0), Complete(2/0) exit 7, Fail(2/0) exit 7
            2  | 7 0       | Start(0/0), Start(1/0), Complete(1/0) exit 0
            0  | 1         | Start(0/0), Complete(0/0) exit 1, Fail(0/0) exit 1
            -1 | 1 1 1 1 0 | Start(0/0), Start(1/0), Start(2/0), Start(3/0), Start(4/0), Complete(4/0) exit 0
            0  | lost 0    | Start(0/0), Start(0/1), Complete(0/1) exit 0
            1  | 3 lost 0  | Start(0/0), Start(1/0), Start(1/1), Complete(1/1) exit 0
            """)
    void writesTheEventsOfEachAttempt(int retries, String ends, String expected) {
        node(1);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", retries))));
        int boots = 0;
        for (String end : ends.split(" ")) {
            TaskToken token = started();
            if (end.equals("lost")) {
                planner.reportToPool(
                        POOL, NODE, epoch, new NodeReported(2L, "boot-" + boots++, 1, List.of(), List.of(), ""));
                planner.advance(TICK);
            } else {
                exited(token, Integer.parseInt(end), ExitCause.ITSELF);
            }
        }
        assertThat(String.join(", ", events())).isEqualTo(expected);
        assertThat(planner.taskEvents()).extracting(TestRecord::key).containsOnly(JOB + "/a");
    }

    /** Ends a task before its first start and behind it: it completes where somebody terminates it, and one that is deleted before its first start has never completed. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            false | terminate task | Complete(0/0), Fail(0/0)
            false | terminate job  | Complete(0/0), Fail(0/0)
            false | delete task    |
            false | delete job     |
            true  | terminate task | Start(0/0), Complete(0/0), Fail(0/0)
            true  | terminate job  | Start(0/0), Complete(0/0), Fail(0/0)
            true  | delete task    | Start(0/0), Complete(0/0), Fail(0/0)
            true  | delete job     | Start(0/0), Complete(0/0), Fail(0/0)
            """)
    void writesTheEndOfATaskThatAUserEnds(boolean runs, String how, @Nullable String expected) {
        if (runs) {
            node(1);
        }
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 2))));
        Optional<TaskToken> token = runs ? Optional.of(started()) : Optional.empty();
        ask(
                switch (how) {
                    case "terminate task" -> new TerminateBatchTask("a", null);
                    case "terminate job" -> new TerminateBatchJob("enough", null);
                    case "delete task" -> new DeleteBatchTask("a", null);
                    default -> new DeleteBatchJob((Long) null);
                });
        ticks(3);
        token.ifPresent(running -> exited(running, 143, ExitCause.STOPPED));
        ticks(5);
        assertThat(events().stream().filter(event -> !event.equals("ScheduleFail")))
                .as(how)
                .isEqualTo(expected == null ? List.of() : List.of(expected.split(", ")));
        assertThat(planner.changelog("pool-tasks")).isEmpty();
    }

    @Test
    void startsATaskOfADeletedOnesIdAndTellsTheirEndsApart() {
        node(2);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0))));
        TaskToken first = started();
        ask(new DeleteBatchTask("a", null));
        ask(new AddBatchTasks(List.of(task("a", 0))));
        TaskToken second = started();
        exited(first, 143, ExitCause.STOPPED);
        assertThat(read("a").getState()).isEqualTo(BatchTaskState.RUNNING);
        exited(second, 0, ExitCause.ITSELF);
        assertThat(read("a").getSucceeded()).isTrue();
    }

    @Test
    void writesARequeueByAUserAndAnOrderThatNeverCameUnderOtherNumbers() {
        node(1);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0))));
        TaskToken token = started();
        planner.pool(POOL, new SetNodeScheduling(NODE, false, Deallocation.REQUEUE));
        exited(token, 143, ExitCause.STOPPED);
        planner.pool(POOL, new SetNodeScheduling(NODE, true, Deallocation.TASK_COMPLETION));
        planner.advance(TICK);
        StartAttempt lost = (StartAttempt) planner.orders(NODE).getLast().order();
        planner.reportToPool(POOL, NODE, epoch, new StartUndelivered(lost.getToken()));
        planner.reportToPool(POOL, NODE, epoch, new NodeReported(2L, "boot", 1, List.of(), List.of(), ""));
        planner.advance(TICK);
        exited(started(), 0, ExitCause.ITSELF);
        assertThat(events())
                .containsExactly("Start(0/0)", "ScheduleFail", "Start(0/1)", "Start(0/2)", "Complete(0/2) exit 0");
        assertThat(planner.taskEvents().getLast().value()).contains("\"requeueCount\":1");
        assertThat(read("a").getAttempt().getRequeues()).isEqualTo(1);
        assertThat(read("a").getLastRequeueAt()).isNotNull();
    }

    @ParameterizedTest
    @EnumSource(DisableTasks.class)
    void disablesAJobAsTheCommandSaysAndEnablesIt(DisableTasks tasks) {
        node(2);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0))));
        TaskToken token = started();
        ask(new DisableBatchJob(tasks, null));
        assertThat(planner.latestBatchJob(JOB).getState()).isEqualTo(BatchJobState.DISABLING);
        ask(new AddBatchTasks(List.of(task("b", 0))));
        assertThat(planner.orders(NODE).getLast().order() instanceof StopAttempt)
                .isEqualTo(tasks != DisableTasks.WAIT);
        exited(token, 143, tasks == DisableTasks.WAIT ? ExitCause.ITSELF : ExitCause.STOPPED);
        assertThat(planner.latestBatchJob(JOB).getState()).isEqualTo(BatchJobState.DISABLED);
        planner.restart();
        ticks(3);
        assertThat(events()).filteredOn(event -> event.startsWith("Start")).hasSize(1);
        ask(new EnableBatchJob((Long) null));
        ticks(2);
        List<String> expected = switch (tasks) {
            case REQUEUE -> List.of("Start(0/0)", "Start(0/1)", "Start(0/0)");
            case TERMINATE -> List.of("Start(0/0)", "Complete(0/0)", "Fail(0/0)", "Start(0/0)");
            case WAIT -> List.of("Start(0/0)", "Complete(0/0) exit 143", "Fail(0/0) exit 143", "Start(0/0)");
        };
        assertThat(events()).isEqualTo(expected);
        assertThat(planner.latestBatchJob(JOB).getState()).isEqualTo(BatchJobState.ACTIVE);
    }

    @Test
    void placesAsManyTasksOfAJobAtOnceAsItsDocumentSaysNow() {
        node(4);
        ask(new AddBatchJob(definition().setMaxParallelTasks(1).build()));
        ask(new AddBatchTasks(List.of(task("a", 0), task("b", 0), task("c", 0))));
        ticks(3);
        assertThat(events()).containsExactly("Start(0/0)");
        ask(ChangeBatchJob.newBuilder().setMaxParallelTasks(2).build());
        ticks(2);
        assertThat(events()).hasSize(2);
        exited(started(), 0, ExitCause.ITSELF);
        ticks(2);
        assertThat(events()).hasSize(4);
    }

    @Test
    void placesTheTasksOfTheJobFirstWhosePriorityWasRaised() {
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0))));
        planner.batchJob("Other", job());
        planner.batchJob("Other", new AddBatchTasks(List.of(task("o", 0))));
        planner.batchJob("Other", ChangeBatchJob.newBuilder().setPriority(7).build());
        node(1);
        planner.advance(TICK);
        assertThat(planner.taskEvents().getLast().key()).isEqualTo("Other/o");
    }

    @Test
    void runsTheTasksOfADisabledJobInThePoolThatItIsGivenTo() {
        planner.create("other-1", "{\"compute\":{\"pool\":\"other\"}}");
        long there = planner.connect("other-1", Capability.TASKS);
        planner.reportToPool("other", "other-1", there, new NodeReported(1L, "boot", 4, List.of(), List.of(), ""));
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0), task("b", 0))));
        ask(new DisableBatchJob(DisableTasks.REQUEUE, null));
        ticks(2);
        String from = planner.poolCommands().getLast().getPoolId();
        planner.poolCommands().clear();
        ask(ChangeBatchJob.newBuilder().setPoolId("other").build());
        ticks(3);
        assertThat(planner.poolCommands())
                .filteredOn(command -> command.getPoolId().equals(from))
                .as("the pool places nothing of the job before it has nothing of it any more")
                .extracting(command -> command.getCommand().getClass().getSimpleName())
                .containsExactly("WithdrawTask", "WithdrawTask", "RuleTasks");
        assertThat(planner.orders("other-1"))
                .as("it is disabled there too")
                .noneMatch(order -> order.order() instanceof StartAttempt);
        node(4);
        ask(new EnableBatchJob((Long) null));
        ticks(2);
        assertThat(planner.orders("other-1").stream().filter(order -> order.order() instanceof StartAttempt))
                .hasSize(2);
        assertThat(planner.orders(NODE)).noneMatch(order -> order.order() instanceof StartAttempt);
        assertThat(planner.taskEvents())
                .extracting(event ->
                        new String(event.headers().lastHeader("ce-type").value(), StandardCharsets.UTF_8))
                .doesNotContain("TaskCompleteEvent", "TaskFailEvent");
        assertThat(planner.changelog("pool-tasks").keySet()).allMatch(key -> key.startsWith("other"));
        assertThat(planner.changelog("pool-rules").keySet()).allMatch(key -> key.startsWith("other"));
    }

    @Test
    void keepsThatAnIntegerHasComeWhileOneOfTheTasksOfThatNumberIsThere() {
        node(4);
        ask(new AddBatchJob(definition().setUsesTaskDependencies(true).build()));
        ask(new AddBatchTasks(List.of(task("7", 0))));
        exited(started(), 0, ExitCause.ITSELF);
        ask(new AddBatchTasks(List.of(task("007", 0))));
        TaskToken other = started();
        ask(new DeleteBatchTask("007", null));
        exited(other, 143, ExitCause.STOPPED);
        BatchTaskDefinition.Builder late =
                BatchTaskDefinition.newBuilder(task("late", 0)).setDependsOnRanges(List.of(new TaskIdRange(7L, 7L)));
        ask(new AddBatchTasks(List.of(late.build())));
        assertThat(started().getTaskId()).contains(":late:");
    }

    @Test
    void listsLargeTasksByShortPagesAndEndsThemAll() {
        ask(job());
        List<BatchTaskDefinition> large = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            large.add(BatchTaskDefinition.newBuilder(task("t" + (100 + i), 0))
                    .setEnvironment(List.of(new NameValue("LONG", "x".repeat(30_000))))
                    .build());
        }
        for (int i = 0; i < large.size(); i += 10) {
            ask(new AddBatchTasks(large.subList(i, i + 10)));
        }
        BatchTaskPage page = (BatchTaskPage) ask(new ListBatchTasks(null, 1000));
        assertThat(page.getTasks()).hasSizeBetween(10, 20);
        assertThat(page.getMore()).isTrue();
        ask(new TerminateBatchJob("enough", null));
        ticks(20);
        assertThat(((BatchTaskCounts) ask(new CountBatchTasks())).getFailed()).isEqualTo(60);
    }

    @Test
    void placesATaskBehindThoseOnWhichItDependsAlsoOverARestart() {
        node(4);
        ask(new AddBatchJob(definition().setUsesTaskDependencies(true).build()));
        ask(new AddBatchTasks(List.of(
                task("1", 0),
                BatchTaskDefinition.newBuilder(task("late", 0))
                        .setDependsOnRanges(List.of(new TaskIdRange(1L, 1L)))
                        .build(),
                BatchTaskDefinition.newBuilder(task("never", 0))
                        .setDependsOn(List.of("none"))
                        .build())));
        ticks(2);
        assertThat(events()).containsExactly("Start(0/0)");
        planner.restart();
        exited(started(), 0, ExitCause.ITSELF);
        ticks(2);
        assertThat(planner.taskEvents().getLast().key()).isEqualTo(JOB + "/late");
        exited(started(), 0, ExitCause.ITSELF);
        ask(new TerminateBatchTask("never", null));
        assertThat(events()).as("no pool had it, and its job says its end").endsWith("Complete(0/0)", "Fail(0/0)");
        assertThat(planner.taskEvents().getLast().value()).contains("\"nodeId\":\" \"");
        ask(new DeleteBatchJob((Long) null));
        ticks(10);
        assertThat(planner.changelog("batch-dependencies")).isEmpty();
    }

    @Test
    void triesAQueuedTaskAsOftenAsItWasChangedTo() {
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0))));
        ask(new ChangeBatchTask("a", new TaskConstraints(1, 90_000L, null), null));
        node(1);
        planner.advance(TICK);
        StartAttempt start = (StartAttempt) planner.orders(NODE).getLast().order();
        assertThat(start.getProgram().getWallClockSeconds()).isEqualTo(90);
        exited(started(), 7, ExitCause.ITSELF);
        exited(started(), 0, ExitCause.ITSELF);
        assertThat(planner.taskEvents().getLast().value())
                .contains("\"constraints\":{\"maxTaskRetryCount\":1}", "\"retryCount\":1");
    }

    @Test
    void saysTheTimesOfTheEvents() {
        node(1);
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0))));
        exited(started(), 0, ExitCause.ITSELF);
        Map<?, ?> execution =
                (Map<?, ?>) Json.stored(planner.taskEvents().getLast().value()).get("executionInfo");
        assertThat(execution.get("startTime"))
                .isEqualTo(read("a").getStartedAt().toString());
        assertThat(execution.get("endTime")).isEqualTo(read("a").getEndedAt().toString());
    }

    @Test
    void saysOfOneQueuedTaskThatNoNodeIsFoundBehindPausesThatDouble() {
        ask(job());
        ask(new AddBatchTasks(List.of(task("a", 0), task("b", 0), task("c", 0))));
        planner.advance(Duration.ofSeconds(4));
        assertThat(events()).as("the first speaks for all").containsExactly("ScheduleFail");
        planner.advance(Duration.ofSeconds(2));
        assertThat(events()).hasSize(2);
        planner.advance(Duration.ofSeconds(6));
        assertThat(events()).as("the second pause is longer").hasSize(2);
        node(1);
        planner.advance(TICK);
        assertThat(events()).endsWith("ScheduleFail", "ScheduleFail", "Start(0/0)");
    }

    @Test
    void deletesAJobWithAllItsTasksStepByStep() {
        ask(job());
        ask(new AddBatchTasks(
                IntStream.range(0, 500).mapToObj(i -> task("t" + i, 0)).toList()));
        ask(new DeleteBatchJob((Long) null));
        ticks(40);
        assertThat(((BatchRefused) ask(new CountBatchTasks())).getReason()).isEqualTo(BatchRefusalReason.JOB_NOT_FOUND);
        assertThat(planner.changelog("batch-tasks")).isEmpty();
        assertThat(planner.changelog("batch-job-tallies")).isEmpty();
        assertThat(planner.changelog("pool-tasks")).isEmpty();
    }
}
