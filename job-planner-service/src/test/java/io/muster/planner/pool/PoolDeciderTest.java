package io.muster.planner.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolDecider.Placement;
import io.muster.planner.pool.TaskDefinition.OnNodeLoss;
import io.muster.planner.pool.TaskState.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PoolDeciderTest {
    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");
    private final Pool pool = new Pool();
    private Placement placement = Placement.SPREAD;
    private Instant now = START;

    private Decided decide(PoolInput input) {
        return PoolDecider.decide(pool, placement, input, now);
    }

    private static TaskDefinition task(String id) {
        return new TaskDefinition(id, 0, 1, 1, Set.of(), Optional.empty(), 0, OnNodeLoss.PLACE_AGAIN, Optional.empty());
    }

    private static TaskDefinition retried(String id, int most, OnNodeLoss onNodeLoss) {
        return new TaskDefinition(id, 0, 1, 1, Set.of(), Optional.empty(), most, onNodeLoss, Optional.empty());
    }

    private static TaskDefinition gang(String id, int nodes, int most) {
        return new TaskDefinition(
                id, 0, 1, nodes, Set.of(), Optional.empty(), most, OnNodeLoss.PLACE_AGAIN, Optional.empty());
    }

    private static TaskDefinition restarted(String id) {
        return new TaskDefinition(
                id,
                0,
                1,
                1,
                Set.of(),
                Optional.empty(),
                0,
                OnNodeLoss.PLACE_AGAIN,
                Optional.of(new TaskDefinition.Restart(Duration.ofSeconds(60), Duration.ofMinutes(2))));
    }

    private Decided report(String node, long epoch, Token... holding) {
        return decide(new PoolInput.NodeReport(node, 7, epoch, "boot", 2, Set.of("bash"), Set.of(holding)));
    }

    private void submit(TaskDefinition... tasks) {
        Arrays.stream(tasks).forEach(task -> decide(new PoolInput.Submit(task)));
    }

    private List<NodeOrder> place() {
        return decide(new PoolInput.Place(100)).orders();
    }

    private TaskState state(String task) {
        return pool.task(task).orElseThrow().state();
    }

    private Token token(String task) {
        return new Token(task, ((TaskState.Active) state(task)).placement());
    }

    private Decided exit(String node, String task, int code, Cause cause) {
        return decide(new PoolInput.Exited(node, token(task), code, cause));
    }

    private void assertCompleted(String task, Result result, int... code) {
        assertThat(state(task)).isInstanceOf(TaskState.Completed.class);
        assertThat(((TaskState.Completed) state(task)).outcome())
                .isEqualTo(new Outcome(result, code.length == 0 ? OptionalInt.empty() : OptionalInt.of(code[0])));
    }

    /** A task that runs on node a. */
    private Token running(TaskDefinition task) {
        report("a", 1);
        submit(task);
        place();
        Token token = token(task.id());
        decide(new PoolInput.Started("a", token));
        return token;
    }

    @Test
    void placesATaskAndCompletesItWithItsExit() {
        report("a", 1);
        submit(task("t"));
        assertThat(place()).containsExactly(new NodeOrder.Start("a", new Token("t", 0)));
        decide(new PoolInput.Started("a", token("t")));
        assertThat(exit("a", "t", 0, Cause.ITSELF).orders()).isEmpty();
        assertCompleted("t", Result.SUCCEEDED, 0);
        assertThat(pool.node("a").orElseThrow().used()).isZero();
    }

    @Test
    void takesTheSameTaskTwiceAndRefusesAnotherOfItsId() {
        submit(task("t"));
        Decided again = decide(new PoolInput.Submit(task("t")));
        assertThat(again.events()).isEmpty();
        assertThat(again.refusal()).isEmpty();
        assertThat(decide(new PoolInput.Submit(gang("t", 2, 0))).refusal()).isPresent();
        assertThat(decide(new PoolInput.Stop("none")).refusal()).isPresent();
        assertThat(decide(new PoolInput.SetScheduling("none", true)).refusal()).isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "0, ITSELF, SUCCEEDED",
        "7, ITSELF, FAILED",
        "137, WALL_CLOCK, TIMED_OUT",
        "137, IDLE, IDLE",
        "0, WALL_CLOCK, TIMED_OUT"
    })
    void completesByTheCauseOfTheExit(int code, Cause cause, Result result) {
        running(task("t"));
        exit("a", "t", code, cause);
        assertCompleted("t", result, code);
    }

    @Test
    void triesAgainAsOftenAsTheTaskSays() {
        running(retried("t", 2, OnNodeLoss.ABORT));
        for (int retries = 1; retries <= 2; retries++) {
            exit("a", "t", 7, Cause.ITSELF);
            assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(0, 0, retries)));
            place();
        }
        exit("a", "t", 7, Cause.ITSELF);
        assertCompleted("t", Result.FAILED, 7);
    }

    @Test
    void triesAgainWithoutEndWhereTheTaskSaysSo() {
        running(retried("t", -1, OnNodeLoss.ABORT));
        for (int i = 0; i < 50; i++) {
            exit("a", "t", 1, Cause.ITSELF);
            place();
        }
        assertThat(state("t").attempt().retries()).isEqualTo(50);
    }

    @Test
    void triesATaskThatRanTooLongNoMore() {
        running(retried("t", 5, OnNodeLoss.ABORT));
        exit("a", "t", 137, Cause.WALL_CLOCK);
        assertCompleted("t", Result.TIMED_OUT, 137);
    }

    @Test
    void countsNoExitButOfTheAttemptAndItsNode() {
        Token first = running(retried("t", 5, OnNodeLoss.ABORT));
        report("b", 2);
        assertThat(decide(new PoolInput.Exited("b", first, 0, Cause.ITSELF)).events())
                .as("another node")
                .isEmpty();
        exit("a", "t", 1, Cause.ITSELF);
        place();
        assertThat(decide(new PoolInput.Exited("a", first, 0, Cause.ITSELF)).events())
                .as("an earlier attempt")
                .isEmpty();
        assertThat(decide(new PoolInput.Exited("a", new Token("none", 0), 0, Cause.ITSELF))
                        .events())
                .as("no task")
                .isEmpty();
        exit("a", "t", 0, Cause.ITSELF);
        assertThat(decide(new PoolInput.Exited("a", new Token("t", 1), 1, Cause.ITSELF))
                        .events())
                .as("the same again")
                .isEmpty();
        assertCompleted("t", Result.SUCCEEDED, 0);
    }

    @Test
    void placesAnOrderThatNeverLeftUnderTheSameNumbers() {
        report("a", 1);
        submit(retried("t", 0, OnNodeLoss.ABORT));
        place();
        decide(new PoolInput.Undelivered("a", token("t")));
        assertThat(state("t")).isEqualTo(new TaskState.Queued(Attempt.FIRST));
        assertThat(place()).containsExactly(new NodeOrder.Start("a", new Token("t", 1)));
        decide(new PoolInput.Started("a", token("t")));
        assertThat(decide(new PoolInput.Undelivered("a", token("t"))).events())
                .as("it runs")
                .isEmpty();
    }

    @Test
    void takesAnOrderAsLostWithItsConnectionAndNotBefore() {
        report("a", 1);
        submit(retried("t", 0, OnNodeLoss.ABORT));
        place();
        report("a", 1);
        assertThat(state("t")).as("the order is on its way").isInstanceOf(TaskState.Active.class);
        report("a", 2, token("t"));
        assertThat(state("t")).as("it came").isInstanceOf(TaskState.Active.class);
        report("a", 3);
        assertThat(state("t")).as("it never came").isEqualTo(new TaskState.Queued(Attempt.FIRST));
    }

    @ParameterizedTest
    @EnumSource(OnNodeLoss.class)
    void losesWhatMayHaveBegunWithTheRunOfItsNode(OnNodeLoss onNodeLoss) {
        report("a", 1);
        submit(retried("t", 3, onNodeLoss));
        place();
        decide(new PoolInput.NodeReport("a", 7, 2, "another boot", 2, Set.of("bash"), Set.of()));
        if (onNodeLoss == OnNodeLoss.ABORT) {
            assertCompleted("t", Result.ABORTED);
        } else {
            assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0)));
        }
    }

    @Test
    void givesTasksOfASilentNodeToOthersBehindItsLease() {
        Token first = running(task("t"));
        now = START.plus(PoolDecider.LEASE).plus(PoolDecider.GRACE).minusMillis(1);
        report("b", 2);
        assertThat(decide(new PoolInput.NodeSilent("a")).events()).isEmpty();
        now = now.plusMillis(1);
        assertThat(decide(new PoolInput.NodeSilent("a")).orders()).containsExactly(new NodeOrder.Disconnect("a", 7, 1));
        assertThat(place()).containsExactly(new NodeOrder.Start("b", new Token("t", 1)));
        assertThat(state("t").attempt()).isEqualTo(new Attempt(1, 0, 0));

        assertThat(report("a", 1, first).events())
                .as("over the connection of before")
                .isEmpty();
        assertThat(report("a", 5, first).orders())
                .as("what it should have killed")
                .containsExactly(new NodeOrder.Kill("a", first));
        assertThat(report("a", 4).events()).as("an older report").isEmpty();
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(2);
    }

    @Test
    void endsATaskWhoseNodesAreLostAgainAndAgain() {
        report("a", 1);
        submit(task("t"));
        for (int epoch = 2; epoch <= PoolDecider.MOST_RECOVERIES + 2; epoch++) {
            place();
            decide(new PoolInput.NodeReport("a", 7, epoch, "boot" + epoch, 2, Set.of("bash"), Set.of()));
        }
        assertCompleted("t", Result.ABORTED);
    }

    @Test
    void stopsATaskInEachState() {
        submit(task("queued"));
        decide(new PoolInput.Stop("queued"));
        assertCompleted("queued", Result.STOPPED);

        running(task("active"));
        assertThat(decide(new PoolInput.Stop("active")).orders())
                .containsExactly(new NodeOrder.Stop("a", token("active")));
        assertThat(decide(new PoolInput.Stop("active")).orders()).as("once").isEmpty();
        assertThat(report("a", 2, token("active")).orders())
                .as("the order may have been lost with the connection")
                .containsExactly(new NodeOrder.Stop("a", token("active")));
        exit("a", "active", 143, Cause.STOPPED);
        assertCompleted("active", Result.STOPPED, 143);

        running(restarted("pausing"));
        exit("a", "pausing", 1, Cause.ITSELF);
        decide(new PoolInput.Stop("pausing"));
        assertCompleted("pausing", Result.STOPPED);
        assertThat(decide(new PoolInput.Stop("pausing")).events()).isEmpty();
    }

    @Test
    void stopsATaskWhoseNodeIsLost() {
        running(task("t"));
        decide(new PoolInput.Stop("t"));
        now = now.plusSeconds(100);
        decide(new PoolInput.NodeSilent("a"));
        assertCompleted("t", Result.STOPPED);
    }

    @Test
    void startsAgainBehindAPauseOrAtOnceWhereItLivedLong() {
        running(restarted("t"));
        exit("a", "t", 0, Cause.ITSELF);
        assertThat(state("t")).isEqualTo(new TaskState.BackingOff(new Attempt(0, 0, 1), now.plusSeconds(60)));
        now = now.plusSeconds(59);
        assertThat(decide(new PoolInput.Due("t")).events()).isEmpty();
        now = now.plusSeconds(1);
        decide(new PoolInput.Due("t"));
        place();
        decide(new PoolInput.Started("a", token("t")));
        now = now.plusSeconds(120);
        exit("a", "t", 3, Cause.ITSELF);
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(0, 0, 2)));
    }

    @Test
    void placesTheMoreImportantAndThenTheOlderAndLetsSmallOnesPass() {
        report("a", 1);
        TaskDefinition big =
                new TaskDefinition("big", 5, 3, 1, Set.of(), Optional.empty(), 0, OnNodeLoss.ABORT, Optional.empty());
        TaskDefinition important = new TaskDefinition(
                "important", 1, 1, 1, Set.of(), Optional.empty(), 0, OnNodeLoss.ABORT, Optional.empty());
        submit(task("older"), task("younger"), big, important);
        assertThat(place())
                .extracting(order -> ((NodeOrder.Start) order).token().taskId())
                .containsExactly("important", "older");
        assertThat(place()).isEmpty();
    }

    @Test
    void placesWhereTheTaskCanRun() {
        report("a", 1);
        TaskDefinition python = new TaskDefinition(
                "python", 0, 1, 1, Set.of("python"), Optional.empty(), 0, OnNodeLoss.ABORT, Optional.empty());
        TaskDefinition pinned = new TaskDefinition(
                "pinned", 0, 1, 1, Set.of(), Optional.of("b"), 0, OnNodeLoss.ABORT, Optional.empty());
        submit(python, pinned);
        assertThat(place()).isEmpty();
        decide(new PoolInput.NodeReport("b", 7, 9, "boot", 2, Set.of("bash", "python"), Set.of()));
        decide(new PoolInput.SetScheduling("b", false));
        assertThat(place()).as("it is drained").isEmpty();
        decide(new PoolInput.SetScheduling("b", true));
        assertThat(place()).extracting(NodeOrder::node).containsExactly("b", "b");
    }

    @ParameterizedTest
    @CsvSource({"SPREAD, 'a,b,a,b'", "PACK, 'a,a,b,b'"})
    void spreadsOrPacks(Placement rule, String nodes) {
        placement = rule;
        report("a", 1);
        report("b", 2);
        submit(task("1"), task("2"), task("3"), task("4"), task("5"));
        assertThat(place()).extracting(NodeOrder::node).containsExactly(nodes.split(","));
        assertThat(state("5")).isInstanceOf(TaskState.Queued.class);
    }

    @Test
    void placesNoMoreThanItsBudget() {
        report("a", 1);
        submit(task("1"), task("2"));
        assertThat(decide(new PoolInput.Place(1)).orders()).hasSize(1);
        assertThat(decide(new PoolInput.Place(1)).orders()).hasSize(1);
    }

    @Test
    void placesAGangOnAllItsNodesOrOnNone() {
        report("a", 1);
        submit(gang("g", 2, 0));
        assertThat(place()).isEmpty();
        report("b", 2);
        assertThat(place())
                .containsExactly(
                        new NodeOrder.Start("a", new Token("g", 0)), new NodeOrder.Start("b", new Token("g", 0)));
        Token token = token("g");
        assertThat(decide(new PoolInput.Exited("b", token, 0, Cause.ITSELF)).orders())
                .as("a part that is done")
                .isEmpty();
        exit("a", "g", 0, Cause.ITSELF);
        assertCompleted("g", Result.SUCCEEDED, 0);
    }

    @Test
    void endsAGangWithItsPrimaryOrAFailure() {
        report("a", 1);
        report("b", 2);
        submit(gang("g", 2, 1));
        place();
        assertThat(exit("b", "g", 5, Cause.ITSELF).orders()).containsExactly(new NodeOrder.Stop("a", token("g")));
        exit("a", "g", 143, Cause.STOPPED);
        assertThat(state("g")).isEqualTo(new TaskState.Queued(new Attempt(0, 0, 1)));
        place();
        assertThat(exit("a", "g", 0, Cause.ITSELF).orders()).containsExactly(new NodeOrder.Stop("b", token("g")));
        assertThat(state("g")).as("a part of it lives").isInstanceOf(TaskState.Active.class);
        exit("b", "g", 143, Cause.STOPPED);
        assertCompleted("g", Result.SUCCEEDED, 0);
    }

    @Test
    void placesAGangAgainWhoseNodeIsLost() {
        report("a", 1);
        report("b", 2);
        submit(gang("g", 2, 0));
        place();
        decide(new PoolInput.Started("a", token("g")));
        now = now.plusSeconds(100);
        report("a", 1, token("g"));
        assertThat(decide(new PoolInput.NodeSilent("b")).orders()).contains(new NodeOrder.Stop("a", token("g")));
        exit("a", "g", 143, Cause.STOPPED);
        assertThat(state("g")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0)));
    }
}
