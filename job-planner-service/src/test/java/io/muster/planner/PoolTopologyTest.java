package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.muster.planner.PlannerDriver.Ordered;
import io.muster.records.AcknowledgeExit;
import io.muster.records.Capability;
import io.muster.records.CapableNodes;
import io.muster.records.CloseConnection;
import io.muster.records.ComputeTask;
import io.muster.records.CountTasks;
import io.muster.records.Deallocation;
import io.muster.records.DeleteDevice;
import io.muster.records.ExitCause;
import io.muster.records.ForgetTask;
import io.muster.records.GrantLease;
import io.muster.records.JoinPool;
import io.muster.records.LeavePool;
import io.muster.records.MoveNodes;
import io.muster.records.NodeAdmitted;
import io.muster.records.NodeConnected;
import io.muster.records.NodeLossRule;
import io.muster.records.NodeReleased;
import io.muster.records.NodeReported;
import io.muster.records.NodeStays;
import io.muster.records.PatchTwin;
import io.muster.records.PoolCommandRefused;
import io.muster.records.PoolNodes;
import io.muster.records.PoolRefusalReason;
import io.muster.records.PoolTasks;
import io.muster.records.ProgramExited;
import io.muster.records.ProgramStarted;
import io.muster.records.RestartRule;
import io.muster.records.SetNodeScheduling;
import io.muster.records.StartAttempt;
import io.muster.records.StartUndelivered;
import io.muster.records.StopAttempt;
import io.muster.records.StopTask;
import io.muster.records.SubmitTask;
import io.muster.records.SubmitTasks;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskCompleted;
import io.muster.records.TaskEnded;
import io.muster.records.TaskFile;
import io.muster.records.TaskForgotten;
import io.muster.records.TaskNews;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskPlace;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskProgram;
import io.muster.records.TaskQueued;
import io.muster.records.TaskRefused;
import io.muster.records.TaskResult;
import io.muster.records.TaskStarted;
import io.muster.records.TaskToken;
import io.muster.records.TaskWaits;
import io.muster.records.TwinPatch;
import io.muster.records.WatchNodes;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests pools in the planner's topology: devices that become nodes by their tag, tasks that go to them and come back. */
class PoolTopologyTest {
    private static final String POOL = "default";
    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        assertThat(planner.deadLetters()).isEmpty();
        planner.close();
    }

    private long connect(String node) {
        planner.create(node, "{\"compute\":{\"pool\":\"" + POOL + "\"}}");
        return planner.connect(node, Capability.TASKS);
    }

    private void report(String node, long epoch, long number, TaskToken... holding) {
        planner.reportToPool(
                POOL, node, epoch, new NodeReported(number, "boot", 2, List.of("bash"), List.of(holding), ""));
    }

    /** Connects a node that reports at once. @return the epoch of its connection */
    private long node(String node) {
        long epoch = connect(node);
        report(node, epoch, 1);
        return epoch;
    }

    private static ComputeTask task(String id, NodeLossRule onNodeLoss) {
        return ComputeTask.newBuilder()
                .setTaskId(id)
                .setOwner(new TaskOwner(TaskOwnerKind.SITE, "site"))
                .setProgram(TaskProgram.newBuilder()
                        .setCommand(List.of("bash", id + ".sh"))
                        .setEnvironment(Map.of("A", "1"))
                        .build())
                .setRequires(List.of("bash"))
                .setOnNodeLoss(onNodeLoss)
                .build();
    }

    private void submit(String id) {
        planner.pool(POOL, new SubmitTask(task(id, NodeLossRule.PLACE_AGAIN)));
        planner.advance(Duration.ofMillis(20));
    }

    private List<Object> news(String taskId) {
        return planner.news().stream()
                .filter(each ->
                        each.getTaskId().equals(taskId) && each.getOwnerId().equals("site"))
                .map(TaskNews::getNews)
                .map(news -> news instanceof TaskEnded ended
                        ? TaskEnded.newBuilder(ended).setStartedAt(null).build()
                        : news)
                .toList();
    }

    private static TaskStarted started(String node, TaskToken token) {
        return new TaskStarted(node, token, new TaskAttempt(0, 0, 0));
    }

    private static TaskEnded ended(TaskResult result, int code) {
        return new TaskEnded(result, code, "", new TaskAttempt(0, 0, 0), null);
    }

    private Object lastOrder(String node) {
        return planner.orders(node).getLast().order();
    }

    @Test
    void measuresWhatWaitsAndRunsAndWhichSlotsAreFree() {
        node("a");
        submit("one");
        planner.advance(Duration.ofSeconds(5));
        assertThat(tasks("waiting")).isZero();
        assertThat(tasks("running")).isEqualTo(1);
        assertThat(planner.gauge("muster.pool.slots.free", "pool", POOL)).isEqualTo(1);
        submit("two");
        submit("three");
        submit("four");
        planner.advance(Duration.ofSeconds(5));
        assertThat(tasks("waiting") + tasks("running")).isEqualTo(4);
        assertThat(tasks("waiting")).isPositive();
        assertThat(planner.gauge("muster.pool.slots.free", "pool", POOL)).isZero();
    }

    private double tasks(String state) {
        return planner.gauge("muster.pool.tasks", "pool", POOL, "state", state);
    }

    @Test
    void asksADeviceOfThePoolToReportOverEachConnection() {
        long epoch = connect("a");
        assertThat(planner.orders("a")).containsExactly(new Ordered(epoch, POOL, new JoinPool(60)));
        report("a", epoch, 3);
        assertThat(planner.orders("a").getLast()).isEqualTo(new Ordered(epoch, POOL, new GrantLease(3L)));
        long second = planner.connect("a");
        assertThat(planner.orders("a").getLast())
                .as("its session has subscribed before")
                .isEqualTo(new Ordered(second, POOL, new JoinPool(60)));
    }

    @Test
    void hasASpareNodeInTheReserveAndNoDeviceThatIsNotMarkedOrTakesNoTasksOrNamesNoPool() {
        planner.create("reserve", "{\"compute\":{\"spare\":true}}");
        long epoch = planner.connect("reserve", Capability.TASKS);
        planner.create("thermometer", null);
        long unmarked = planner.connect("thermometer", Capability.TASKS);
        planner.create("nowhere", "{\"compute\":{\"pool\":\"no such id\"}}");
        planner.connect("nowhere", Capability.TASKS);
        planner.create("other", "{\"compute\":{\"pool\":\"default\"}}");
        planner.connect("other", Capability.METHODS);
        assertThat(planner.orders("reserve")).containsExactly(new Ordered(epoch, "$reserve", new JoinPool(60)));
        planner.reportToPool(
                "$reserve",
                "thermometer",
                unmarked,
                new NodeReported(1L, "boot", 2, List.of("vmSize=local"), List.of(), ""));
        planner.pool("$reserve", new MoveNodes(POOL, 2, List.of(), List.of("vmSize=local"), Deallocation.REQUEUE));
        assertThat(planner.orders("thermometer"))
                .as("no device becomes a node by its own word")
                .containsExactly(new Ordered(unmarked, "$reserve", new LeavePool()));
        assertThat(planner.orders("nowhere")).isEmpty();
        assertThat(planner.orders("other")).isEmpty();
    }

    @Test
    void runsATaskAndSaysSoToItsOwner() {
        long epoch = node("a");
        submit("t");
        TaskToken token = new TaskToken("t", 0L);
        assertThat(planner.orders("a").getLast())
                .isEqualTo(new Ordered(
                        epoch,
                        POOL,
                        new StartAttempt(
                                token,
                                new TaskAttempt(0, 0, 0),
                                task("t", NodeLossRule.PLACE_AGAIN).getProgram(),
                                1)));
        planner.reportToPool(POOL, "a", epoch, new ProgramStarted(token));
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(token, 0, ExitCause.ITSELF, ""));
        assertThat(lastOrder("a")).isEqualTo(new AcknowledgeExit(token, false));
        assertThat(news("t")).containsExactly(started("a", token), ended(TaskResult.SUCCEEDED, 0));
        assertThat(planner.poolEvents()).contains(new TaskCompleted("t", TaskResult.SUCCEEDED, 0, ""));
    }

    /** Each record costs each process that reads it: tasks that end at once come by the hundred. */
    @Test
    void writesWhatComesTogetherInOneRecordAnEventsTopicAndANode() {
        long epoch = node("a");
        planner.pool(
                POOL,
                new SubmitTasks(List.of(task("t", NodeLossRule.PLACE_AGAIN), task("u", NodeLossRule.PLACE_AGAIN))));
        assertThat(planner.poolEventsTogether().getLast()).hasSize(2).allMatch(TaskQueued.class::isInstance);
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.ordersTogether("a").getLast().getOrders())
                .hasSize(2)
                .allMatch(StartAttempt.class::isInstance);
        TaskToken t = new TaskToken("t", 0L);
        TaskToken u = new TaskToken("u", 1L);
        planner.reportToPool(
                POOL,
                "a",
                epoch,
                List.of(
                        new ProgramStarted(t),
                        new ProgramStarted(u),
                        new ProgramExited(t, 0, ExitCause.ITSELF, ""),
                        new ProgramExited(u, 3, ExitCause.ITSELF, "")));
        assertThat(planner.ordersTogether("a").getLast().getOrders())
                .containsExactly(new AcknowledgeExit(t, false), new AcknowledgeExit(u, false));
        assertThat(planner.poolEventsTogether())
                .anySatisfy(together -> assertThat(together)
                        .contains(
                                new TaskCompleted("t", TaskResult.SUCCEEDED, 0, ""),
                                new TaskCompleted("u", TaskResult.FAILED, 3, "")));
        assertThat(news("t")).containsExactly(started("a", t), ended(TaskResult.SUCCEEDED, 0));
        assertThat(news("u")).containsExactly(started("a", u), ended(TaskResult.FAILED, 3));
    }

    @Test
    void deadLettersAReportThatMakesNoSenseWithoutThoseBesideIt() {
        long epoch = node("a");
        submit("t");
        TaskToken token = new TaskToken("t", 0L);
        planner.reportToPool(
                POOL,
                "a",
                epoch,
                List.of(
                        new ProgramStarted(token),
                        new NodeReported(2L, "boot", -1, List.of(), List.of(), ""),
                        new ProgramExited(token, 0, ExitCause.ITSELF, "")));
        assertThat(planner.deadLetters())
                .singleElement()
                .satisfies(letter ->
                        assertThat(letter.getReason()).isEqualTo("report 2 of 3: a node has 0 to 1024 slots"));
        planner.deadLetters().clear();
        assertThat(lastOrder("a")).isEqualTo(new AcknowledgeExit(token, false));
        assertThat(news("t")).containsExactly(started("a", token), ended(TaskResult.SUCCEEDED, 0));
    }

    @Test
    void saysToANodeWhetherATaskComesAgain() {
        long epoch = node("a");
        planner.pool(
                POOL,
                new SubmitTask(ComputeTask.newBuilder(task("t", NodeLossRule.PLACE_AGAIN))
                        .setMostRetries(1)
                        .build()));
        planner.advance(Duration.ofMillis(20));
        for (long placement = 0; placement < 2; placement++) {
            TaskToken token = new TaskToken("t", placement);
            planner.reportToPool(POOL, "a", epoch, new ProgramStarted(token));
            planner.reportToPool(POOL, "a", epoch, new ProgramExited(token, 3, ExitCause.ITSELF, ""));
            assertThat(planner.orders("a"))
                    .extracting(Ordered::order)
                    .contains(new AcknowledgeExit(token, placement == 0));
            planner.advance(Duration.ofMillis(20));
        }
    }

    @Test
    void acknowledgesAnExitThatNobodyCounts() {
        long epoch = node("a");
        TaskToken unknown = new TaskToken("gone", 9L);
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(unknown, 0, ExitCause.FENCED, ""));
        assertThat(lastOrder("a")).isEqualTo(new AcknowledgeExit(unknown, false));
    }

    @Test
    void placesAgainWhatNeverLeftItsGateway() {
        long epoch = node("a");
        submit("t");
        planner.reportToPool(POOL, "a", epoch, new StartUndelivered(new TaskToken("t", 0L)));
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.orders("a"))
                .as("no order reaches the node before it reports again")
                .filteredOn(order -> order.order() instanceof StartAttempt)
                .hasSize(1);
        report("a", epoch, 2);
        planner.advance(Duration.ofMillis(20));
        assertThat(((StartAttempt) lastOrder("a")).getToken()).isEqualTo(new TaskToken("t", 1L));
    }

    @Test
    void keepsTasksAndNodesOverARestart() {
        long epoch = node("a");
        submit("t");
        TaskToken token = new TaskToken("t", 0L);
        planner.reportToPool(POOL, "a", epoch, new ProgramStarted(token));
        planner.restart();
        submit("u");
        submit("v");
        assertThat(((StartAttempt) lastOrder("a")).getToken())
                .as("the other slot is free, and no placement is given twice")
                .isEqualTo(new TaskToken("u", 1L));
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(token, 3, ExitCause.ITSELF, ""));
        assertThat(news("t")).endsWith(ended(TaskResult.FAILED, 3));
        planner.pool(POOL, new ForgetTask("t"));
        planner.advance(Duration.ofMillis(20));
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(new TaskToken("u", 1L), 0, ExitCause.ITSELF, ""));
        planner.restart();
        submit("t");
        assertThat(((StartAttempt) lastOrder("a")).getToken()).isEqualTo(new TaskToken("t", 3L));
    }

    @Test
    void placesTasksOfANodeElsewhereOnceItsLeaseIsOver() {
        long epoch = node("a");
        submit("t");
        planner.reportToPool(POOL, "a", epoch, new ProgramStarted(new TaskToken("t", 0L)));
        long other = node("b");
        for (int second = 2; second <= 74; second++) {
            planner.pass(Duration.ofSeconds(1));
            report("b", other, second);
        }
        assertThat(planner.orders("b")).noneMatch(order -> order.order() instanceof StartAttempt);
        for (int second = 75; second <= 78; second++) {
            planner.pass(Duration.ofSeconds(1));
            report("b", other, second);
        }
        assertThat(planner.orders("b"))
                .filteredOn(order -> order.order() instanceof StartAttempt)
                .hasSize(1);
        assertThat(planner.delivered(CloseConnection.class))
                .extracting(CloseConnection::getEpoch)
                .contains(epoch);
        assertThat(news("t")).contains(new TaskWaits(new TaskAttempt(1, 0, 0), null, null));
    }

    @Test
    void countsNoSilenceWhileTheLogIsNotRead() {
        long epoch = node("a");
        submit("t");
        planner.reportToPool(POOL, "a", epoch, new ProgramStarted(new TaskToken("t", 0L)));
        planner.advance(Duration.ofHours(5));
        planner.advance(Duration.ofHours(5));
        assertThat(news("t")).containsExactly(started("a", new TaskToken("t", 0L)));
    }

    @Test
    void stopsATask() {
        long epoch = node("a");
        submit("t");
        TaskToken token = new TaskToken("t", 0L);
        planner.pool(POOL, new StopTask("t"));
        assertThat(lastOrder("a")).isEqualTo(new StopAttempt(token));
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(token, 143, ExitCause.STOPPED, ""));
        assertThat(news("t")).containsExactly(ended(TaskResult.STOPPED, 143));
    }

    @Test
    void movesANodeToThePoolThatItsTagNamesNow() {
        long epoch = node("a");
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":{\"pool\":\"other\"}}", null)));
        assertThat(planner.orders("a"))
                .endsWith(new Ordered(epoch, POOL, new LeavePool()), new Ordered(epoch, "other", new JoinPool(60)));
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":null}", null)));
        assertThat(planner.orders("a")).endsWith(new Ordered(epoch, "other", new LeavePool()));
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":{\"spare\":true}}", null)));
        assertThat(planner.orders("a")).endsWith(new Ordered(epoch, "$reserve", new JoinPool(60)));
        int before = planner.orders("a").size();
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"floor\":3}", null)));
        assertThat(planner.orders("a")).as("other tags say nothing").hasSize(before);
    }

    @Test
    void drainsANodeByItsTag() {
        long epoch = node("a");
        submit("t");
        TaskToken token = new TaskToken("t", 0L);
        planner.reportToPool(POOL, "a", epoch, new ProgramStarted(token));
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":{\"drain\":true}}", null)));
        assertThat(lastOrder("a")).isEqualTo(new StopAttempt(token));
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(token, 143, ExitCause.STOPPED, ""));
        assertThat(news("t")).endsWith(new TaskWaits(new TaskAttempt(1, 1, 0), null, 143));
        planner.restart();
        long again = planner.connect("a");
        report("a", again, 2);
        planner.advance(Duration.ofMillis(20));
        assertThat(lastOrder("a")).as("it stays so").isInstanceOf(GrantLease.class);
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":{\"drain\":null}}", null)));
        planner.advance(Duration.ofMillis(20));
        assertThat(lastOrder("a")).isInstanceOf(StartAttempt.class);
    }

    @Test
    void dismissesANodeWhoseDeviceIsDeleted() {
        node("a");
        planner.device("a", new DeleteDevice(null));
        assertThat(planner.orders("a")).anyMatch(order -> order.order() instanceof LeavePool);
    }

    @Test
    void sendsADeviceAwayThatIsOfAnotherPool() {
        planner.create("a", "{\"compute\":{\"spare\":true}}");
        long epoch = planner.connect("a", Capability.TASKS);
        report("a", epoch, 1);
        assertThat(planner.orders("a"))
                .containsExactly(
                        new Ordered(epoch, "$reserve", new JoinPool(60)), new Ordered(epoch, POOL, new LeavePool()));
    }

    /** Connects a node of the reserve that reports at once. */
    private long spare(String node) {
        planner.create(node, "{\"floor\":3,\"compute\":{\"spare\":true}}");
        long epoch = planner.connect(node, Capability.TASKS);
        planner.reportToPool(
                "$reserve", node, epoch, new NodeReported(1L, "boot", 2, List.of("vmSize=local"), List.of(), ""));
        return epoch;
    }

    @Test
    void takesNodesFromTheReserveAndGivesThemBackWhenTheyAreEmpty() {
        long epoch = spare("a");
        spare("b");
        TaskOwner owner = new TaskOwner(TaskOwnerKind.BATCH_POOL, POOL);
        planner.pool(POOL, new WatchNodes(owner, false));
        planner.pool("$reserve", new MoveNodes(POOL, 1, List.of(), List.of("vmSize=local"), Deallocation.REQUEUE));
        assertThat(planner.orders("a"))
                .endsWith(new Ordered(epoch, "$reserve", new LeavePool()), new Ordered(epoch, POOL, new JoinPool(60)));
        assertThat(planner.orders("b")).as("one is enough").hasSize(2);
        assertThat(planner.nodeNews()).endsWith(new PoolNodes(List.of("a"), 1, List.of()));

        report("a", epoch, 2);
        submit("t");
        TaskToken token = new TaskToken("t", 0L);
        planner.reportToPool(POOL, "a", epoch, new ProgramStarted(token));
        planner.pool(POOL, new MoveNodes("$reserve", 1, List.of(), List.of(), Deallocation.REQUEUE));
        assertThat(lastOrder("a")).isEqualTo(new StopAttempt(token));
        planner.restart();
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(token, 143, ExitCause.STOPPED, ""));
        assertThat(news("t")).endsWith(new TaskWaits(new TaskAttempt(1, 1, 0), null, 143));
        assertThat(planner.orders("a")).endsWith(new Ordered(epoch, "$reserve", new JoinPool(60)));
        assertThat(planner.nodeNews()).endsWith(nodes(List.of(), 0));
        planner.pool(POOL, new CountTasks(owner));
        assertThat(planner.nodeNews()).endsWith(new PoolTasks(1, 0));
    }

    /** Returns what a pool says of its nodes, all of which have bash. */
    private static PoolNodes nodes(List<String> ids, int total) {
        return new PoolNodes(ids, total, ids.isEmpty() ? List.of() : List.of(new CapableNodes("bash", ids, false)));
    }

    @Test
    void namesNodesThatAreLostBehindThoseThatLive() {
        planner.pool(POOL, new WatchNodes(new TaskOwner(TaskOwnerKind.BATCH_POOL, POOL), false));
        node("a");
        long epoch = node("b");
        assertThat(planner.nodeNews()).endsWith(nodes(List.of("a", "b"), 2));
        for (int second = 2; second <= 80; second++) {
            planner.pass(Duration.ofSeconds(1));
            report("b", epoch, second);
        }
        assertThat(planner.nodeNews()).endsWith(nodes(List.of("b", "a"), 1));
        report("a", planner.connect("a"), 1);
        assertThat(planner.nodeNews()).as("it is back").endsWith(nodes(List.of("a", "b"), 2));
    }

    @Test
    void keepsANodeWhoseTagsHaveNoRoomForThePool() {
        String filler =
                "{\"f\":\"" + "x".repeat(4090) + "\",\"g\":\"" + "x".repeat(4080) + "\",\"compute\":{\"spare\":true}}";
        planner.create("a", filler);
        long epoch = planner.connect("a", Capability.TASKS);
        planner.reportToPool("$reserve", "a", epoch, new NodeReported(1L, "boot", 2, List.of(), List.of(), ""));
        planner.pool("$reserve", new MoveNodes("p".repeat(64), 1, List.of(), List.of(), Deallocation.REQUEUE));
        assertThat(planner.poolEvents()).endsWith(new NodeReleased("a"), new NodeStays("a"));
    }

    @Test
    void deadLettersWhatMakesNoSenseAndGoesOn() {
        node("a");
        ComputeTask task = ComputeTask.newBuilder(task("bad", NodeLossRule.ABORT))
                .setSlots(0)
                .build();
        planner.pool(POOL, new SubmitTask(task));
        planner.raw(Topics.POOL_COMMANDS.name(), POOL, "text".getBytes(StandardCharsets.UTF_8));
        planner.raw(Topics.POOL_REPORTS.name(), POOL, null);
        assertThat(planner.deadLetters()).hasSize(3);
        planner.deadLetters().clear();
        submit("t");
        assertThat(((StartAttempt) lastOrder("a")).getToken().getTaskId()).isEqualTo("t");
    }

    @Test
    void leavesTheConnectionOfANodeAloneThatIsOfAnotherPoolNow() {
        long epoch = node("a");
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":{\"pool\":\"other\"}}", null)));
        for (int second = 2; second <= 40; second++) {
            planner.reportToPool(
                    "other", "a", epoch, new NodeReported((long) second, "boot", 2, List.of("bash"), List.of(), ""));
            planner.pass(Duration.ofSeconds(1));
        }
        assertThat(planner.delivered(CloseConnection.class)).isEmpty();
    }

    @Test
    void givesTasksToANodeWhoseTagWentAndCameBack() {
        long epoch = node("a");
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":null}", null)));
        planner.device("a", new PatchTwin(new TwinPatch(null, "{\"compute\":{\"pool\":\"default\"}}", null)));
        report("a", epoch, 2);
        submit("t");
        assertThat(lastOrder("a")).isInstanceOf(StartAttempt.class);
    }

    @Test
    void writesNoRecordThatItsTopicDoesNotTake() {
        int nodes = 700;
        for (int node = 0; node < nodes; node++) {
            String id = "n" + "x".repeat(120) + node;
            planner.reportToPool(POOL, id, 1, new NodeConnected(false, false));
            planner.reportToPool(POOL, id, 1, new NodeReported(1L, "boot", 200, List.of("bash"), List.of(), ""));
        }
        for (int task = 0; task < 110; task++) {
            planner.pool(
                    POOL,
                    new SubmitTask(ComputeTask.newBuilder(task("t" + task, NodeLossRule.ABORT))
                            .setNodes(nodes)
                            .build()));
        }
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.orders("n" + "x".repeat(120) + "0"))
                .anyMatch(order -> order.order() instanceof StartAttempt);
    }

    @Test
    void endsTheTasksOfManySilentNodesInSeveralTicks() {
        int nodes = 2000;
        for (int node = 0; node < nodes; node++) {
            planner.reportToPool(POOL, "n" + node, 1, new NodeConnected(false, false));
            report("n" + node, 1, 1);
        }
        planner.forgetTicks();
        int most = 0;
        for (int second = 0; second < 80; second++) {
            int before = planner.delivered(CloseConnection.class).size();
            planner.advance(Duration.ofSeconds(1));
            most = Math.max(most, planner.delivered(CloseConnection.class).size() - before);
        }
        assertThat(most).as("decided at once").isBetween(1, 5000 / 20);
        planner.tickUntil(() -> planner.delivered(CloseConnection.class).size() == nodes);
        System.err.println("LOAD silent " + planner.ticks());
    }

    @Test
    void deadLettersIdsAndNumbersThatCannotBe() {
        node("a");
        planner.pool(POOL, new SubmitTask(task("", NodeLossRule.ABORT)));
        planner.pool(POOL, new SubmitTask(task("x".repeat(1025), NodeLossRule.ABORT)));
        planner.pool("de\0fault", new SubmitTask(task("t", NodeLossRule.ABORT)));
        planner.pool(
                POOL,
                new SubmitTask(ComputeTask.newBuilder(task("t", NodeLossRule.ABORT))
                        .setNodes(Integer.MAX_VALUE)
                        .build()));
        planner.pool(
                POOL,
                new SubmitTask(ComputeTask.newBuilder(task("t", NodeLossRule.ABORT))
                        .setRestart(new RestartRule(-5, -5))
                        .build()));
        planner.reportToPool("de\0fault", "a", 1, new ProgramStarted(new TaskToken("t", 0L)));
        planner.reportToPool(POOL, "a", 1, new NodeReported(1L, "boot", Integer.MAX_VALUE, List.of(), List.of(), ""));
        assertThat(planner.deadLetters()).hasSize(7);
        planner.deadLetters().clear();
    }

    @Test
    void saysToTheOwnerThatATaskIsNotTaken() {
        node("a");
        submit("t");
        planner.pool(POOL, new SubmitTask(task("t", NodeLossRule.PLACE_AGAIN)));
        assertThat(news("t")).as("the same again").isEmpty();
        ComputeTask another = ComputeTask.newBuilder(task("t", NodeLossRule.PLACE_AGAIN))
                .setOwner(new TaskOwner(TaskOwnerKind.SITE, "other"))
                .setProgram(TaskProgram.newBuilder()
                        .setCommand(List.of("bash", "other.sh"))
                        .setEnvironment(Map.of())
                        .build())
                .build();
        planner.pool(POOL, new SubmitTask(another));
        assertThat(planner.news())
                .filteredOn(news -> news.getOwnerId().equals("other"))
                .extracting(TaskNews::getTaskId, TaskNews::getNews)
                .containsExactly(tuple(
                        "t",
                        new TaskRefused(
                                PoolRefusalReason.ANOTHER_TASK, "Another task has that id: choose another id.")));
        assertThat(news("t")).as("of the one that is kept").isEmpty();
        assertThat(planner.poolEvents().getLast())
                .isEqualTo(new PoolCommandRefused(
                        PoolRefusalReason.ANOTHER_TASK, "Another task has that id: choose another id.", "t", null));
        planner.pool(POOL, new StopTask("none"));
        planner.pool(POOL, new SetNodeScheduling("nobody", false, Deallocation.TASK_COMPLETION));
        assertThat(planner.poolEvents())
                .endsWith(
                        new PoolCommandRefused(
                                PoolRefusalReason.NO_SUCH_TASK, "The pool has no such task.", "none", null),
                        new PoolCommandRefused(
                                PoolRefusalReason.NO_SUCH_NODE, "The pool has no such node.", null, "nobody"));
    }

    @Test
    void dropsATaskThatIsForgottenWhileItRunsWithItsEndAlsoOverARestart() {
        long epoch = node("a");
        submit("t");
        planner.pool(POOL, new ForgetTask("t"));
        planner.restart();
        planner.reportToPool(POOL, "a", epoch, new ProgramExited(new TaskToken("t", 0L), 0, ExitCause.ITSELF, ""));
        assertThat(planner.poolEvents())
                .endsWith(new TaskCompleted("t", TaskResult.SUCCEEDED, 0, ""), new TaskForgotten("t"));
        assertThat(news("t")).as("nobody asks for it").isEmpty();
        submit("t");
        assertThat(((StartAttempt) lastOrder("a")).getToken()).isEqualTo(new TaskToken("t", 1L));
    }

    @Test
    void namesTheFilesOfATaskWhereItIsPlacedAndNotOnlyWhereItIsQueued() {
        ComputeTask task = task("t", NodeLossRule.PLACE_AGAIN);
        planner.pool(
                POOL,
                new SubmitTask(ComputeTask.newBuilder(task)
                        .setProgram(TaskProgram.newBuilder(task.getProgram())
                                .setFiles(List.of(
                                        new TaskFile("ab".repeat(32), 1L, "a", false),
                                        new TaskFile("cd".repeat(32), 1L, "c", false),
                                        new TaskFile("ab".repeat(32), 1L, "b", false)))
                                .build())
                        .build()));
        long epoch = node("a");
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.poolEvents())
                .contains(new TaskPlaced(
                        new TaskToken("t", 0L),
                        new TaskAttempt(0, 0, 0),
                        List.of(new TaskPlace("a", epoch)),
                        List.of("ab".repeat(32), "cd".repeat(32)),
                        1));
    }

    @Test
    void standsAsItIsKeptWhereADecisionCannotBeWritten() {
        planner.refuseSchemaOf(Topics.POOL_EVENTS);
        assertThatThrownBy(() -> submit("t")).hasStackTraceContaining("SchemaRegistryException");
        planner.refuseSchemaOf(null);
        submit("t");
        assertThat(planner.poolEvents()).as("the record is taken again").hasAtLeastOneElementOfType(TaskQueued.class);

        planner.refuseSchemaOf(Topics.DELIVERIES);
        assertThatThrownBy(() -> node("a")).hasStackTraceContaining("SchemaRegistryException");
        planner.refuseSchemaOf(null);
        assertThat(planner.poolEvents())
                .as("nothing of a decision is written unless all of it can be")
                .doesNotHaveAnyElementsOfTypes(NodeAdmitted.class);
    }
}
