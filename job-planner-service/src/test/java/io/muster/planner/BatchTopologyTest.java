package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.json.Json;
import io.muster.records.AddBatchJob;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobState;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskAdded;
import io.muster.records.BatchTaskCounts;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskPage;
import io.muster.records.BatchTaskState;
import io.muster.records.BatchTasksAdded;
import io.muster.records.Capability;
import io.muster.records.CountBatchTasks;
import io.muster.records.DeleteBatchJob;
import io.muster.records.ExitCause;
import io.muster.records.ListBatchTasks;
import io.muster.records.NodeReported;
import io.muster.records.OnAllTasksComplete;
import io.muster.records.ProgramExited;
import io.muster.records.ProgramStarted;
import io.muster.records.ReadBatchTask;
import io.muster.records.StartAttempt;
import io.muster.records.StopAttempt;
import io.muster.records.TaskConstraints;
import io.muster.records.TaskToken;
import io.muster.records.TerminateBatchJob;
import io.muster.records.TerminateBatchTask;
import io.muster.topics.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        planner.reportToPool(POOL, NODE, epoch, new NodeReported(1L, "boot", slots, List.of(), List.of()));
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
        StartAttempt start = (StartAttempt) planner.orders(NODE).getLast().getOrder();
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
        StartAttempt start = (StartAttempt) planner.orders(NODE).getLast().getOrder();
        assertThat(start.getProgram().getCommand()).containsExactly("render", "--frame", "Frame-1");
        assertThat(start.getProgram().getEnvironment())
                .containsEntry("AZ_BATCH_JOB_ID", JOB)
                .containsEntry("AZ_BATCH_TASK_ID", "Frame-1");
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
        assertThat(planner.orders(NODE).getLast().getOrder()).isEqualTo(new StopAttempt(token));
        exited(token, 143, ExitCause.STOPPED);
        BatchTask task = read("a");
        assertThat(task.getState()).isEqualTo(BatchTaskState.COMPLETED);
        assertThat(task.getExitCode()).isNull();
        assertThat(task.getFailure().getCode()).isEqualTo("TaskEnded");
    }

    @Test
    void completesAJobWhenAllItsTasksHave() {
        node(1);
        ask(new AddBatchJob(definition()
                .setOnAllTasksComplete(OnAllTasksComplete.TERMINATE_JOB)
                .build()));
        ask(new AddBatchTasks(List.of(task("a", 0))));
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
                        POOL, NODE, epoch, new NodeReported(2L, "boot-" + boots++, 1, List.of(), List.of()));
                planner.advance(TICK);
            } else {
                exited(token, Integer.parseInt(end), ExitCause.ITSELF);
            }
        }
        assertThat(String.join(", ", events())).isEqualTo(expected);
        assertThat(planner.taskEvents()).extracting(TestRecord::key).containsOnly(JOB + "/a");
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
