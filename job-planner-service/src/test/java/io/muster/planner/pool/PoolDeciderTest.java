package io.muster.planner.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.pool.GroupRule.Suspension;
import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolDecider.Placement;
import io.muster.planner.pool.PoolEvent.NotPlaced;
import io.muster.planner.pool.TaskDefinition.OnNodeLoss;
import io.muster.planner.pool.TaskState.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PoolDeciderTest {
    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");
    private final Pool pool = new Pool();
    private Placement placement = Placement.SPREAD;
    private Instant now = START;

    private Decided decide(PoolInput input) {
        return PoolDecider.decide(pool, placement, input, now, now);
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

    /** Makes a gang whose nodes run a coordination command first. */
    private static TaskDefinition coordinated(String id, int nodes, int most) {
        return new TaskDefinition(
                id,
                "",
                0,
                1,
                nodes,
                Set.of(),
                Optional.empty(),
                most,
                OnNodeLoss.PLACE_AGAIN,
                Optional.empty(),
                false,
                true,
                Optional.empty());
    }

    private static TaskDefinition pinned(String id, String node, int slots) {
        return new TaskDefinition(
                id, 0, slots, 1, Set.of(), Optional.of(node), 0, OnNodeLoss.PLACE_AGAIN, Optional.empty());
    }

    private static TaskDefinition needing(String id, String capability) {
        return new TaskDefinition(
                id, 0, 1, 1, Set.of(capability), Optional.empty(), 0, OnNodeLoss.PLACE_AGAIN, Optional.empty());
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
        decide(new PoolInput.NodeConnected(node, 7, epoch, false));
        return said(node, epoch, "boot", Set.of("bash"), holding);
    }

    /** Decides a report over a connection. @return the decision, its orders without the lease */
    private Decided said(String node, long epoch, String boot, Set<String> capabilities, Token... holding) {
        Decided decided = decide(new PoolInput.NodeReport(node, 7, epoch, 9, boot, 2, capabilities, Set.of(holding)));
        return new Decided(
                decided.events(),
                decided.orders().stream()
                        .filter(order -> !(order instanceof NodeOrder.Grant))
                        .toList(),
                decided.refusal());
    }

    private Optional<PoolRefusal.Reason> refusal(PoolInput input) {
        return decide(input).refusal().map(PoolRefusal::reason);
    }

    private void submit(TaskDefinition... tasks) {
        Arrays.stream(tasks).forEach(task -> decide(new PoolInput.Submit(task, false)));
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
        return decide(new PoolInput.Exited(node, token(task), code, cause, ""));
    }

    private void assertCompleted(String task, Result result, int... code) {
        assertThat(state(task)).isInstanceOf(TaskState.Completed.class);
        assertThat(((TaskState.Completed) state(task)).outcome())
                .isEqualTo(new Outcome(result, code.length == 0 ? OptionalInt.empty() : OptionalInt.of(code[0]), ""));
    }

    /** Makes a task that runs on node a. */
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
        Decided again = decide(new PoolInput.Submit(task("t"), false));
        assertThat(again.events()).isEmpty();
        assertThat(again.refusal()).isEmpty();
        assertThat(decide(new PoolInput.Submit(gang("t", 2, 0), false)).refusal())
                .isPresent();
        assertThat(refusal(new PoolInput.Stop("none"))).contains(PoolRefusal.Reason.NO_SUCH_TASK);
        assertThat(refusal(new PoolInput.SetScheduling("none", true, Deallocation.TASK_COMPLETION)))
                .contains(PoolRefusal.Reason.NO_SUCH_NODE);
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
        assertThat(decide(new PoolInput.Exited("b", first, 0, Cause.ITSELF, "")).events())
                .as("another node")
                .isEmpty();
        exit("a", "t", 1, Cause.ITSELF);
        place();
        assertThat(decide(new PoolInput.Exited("a", first, 0, Cause.ITSELF, "")).events())
                .as("an earlier attempt")
                .isEmpty();
        assertThat(decide(new PoolInput.Exited("a", new Token("none", 0), 0, Cause.ITSELF, ""))
                        .events())
                .as("no task")
                .isEmpty();
        exit("a", "t", 0, Cause.ITSELF);
        assertThat(decide(new PoolInput.Exited("a", new Token("t", 1), 1, Cause.ITSELF, ""))
                        .events())
                .as("the same again")
                .isEmpty();
        assertCompleted("t", Result.SUCCEEDED, 0);
    }

    @Test
    void placesAnOrderThatNeverLeftAsAnotherSystemVersion() {
        report("a", 1);
        submit(retried("t", 0, OnNodeLoss.ABORT));
        place();
        decide(new PoolInput.Undelivered("a", token("t"), 1));
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0, 1)));
        report("a", 2);
        assertThat(place()).containsExactly(new NodeOrder.Start("a", new Token("t", 1)));
        decide(new PoolInput.Started("a", token("t")));
        assertThat(decide(new PoolInput.Undelivered("a", token("t"), 2)).events())
                .as("it runs")
                .isEmpty();
    }

    @Test
    void placesNothingOnANodeWhoseConnectionIsGoneUntilItIsHeardAgain() {
        report("a", 1);
        report("b", 2);
        submit(task("t"));
        assertThat(place()).extracting(NodeOrder::node).containsExactly("a");
        decide(new PoolInput.Undelivered("a", token("t"), 1));
        submit(task("u"), task("v"));
        assertThat(place())
                .as("two slots are free on each")
                .extracting(NodeOrder::node)
                .containsExactly("b", "b");
        assertThat(pool.hasPlaceable()).isFalse();
        said("a", 1, "boot", Set.of("bash"));
        assertThat(pool.hasPlaceable()).as("its connection stands").isTrue();
        assertThat(place()).extracting(NodeOrder::node).containsExactly("a");
    }

    @Test
    void placesOnANodeThatIsBackWhatCameBackFromItsEarlierConnection() {
        report("a", 1);
        submit(task("t"));
        place();
        Token first = token("t");
        report("a", 2);
        decide(new PoolInput.Undelivered("a", first, 1));
        assertThat(place()).containsExactly(new NodeOrder.Start("a", new Token("t", 1)));
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
        assertThat(state("t")).as("it never came").isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0, 1)));
    }

    @ParameterizedTest
    @EnumSource(OnNodeLoss.class)
    void losesWhatMayHaveBegunWithTheRunOfItsNode(OnNodeLoss onNodeLoss) {
        report("a", 1);
        submit(retried("t", 3, onNodeLoss));
        place();
        decide(new PoolInput.NodeConnected("a", 7, 2, false));
        said("a", 2, "another boot", Set.of("bash"));
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
        assertThat(decide(new PoolInput.NodeSilent("a")).events()).doesNotContain(new PoolEvent.NodeLost("a"));
        now = now.plusMillis(1);
        assertThat(decide(new PoolInput.NodeSilent("a")).orders()).containsExactly(new NodeOrder.Disconnect("a", 7, 1));
        assertThat(place()).containsExactly(new NodeOrder.Start("b", new Token("t", 1)));
        assertThat(state("t").attempt()).isEqualTo(new Attempt(1, 0, 0));

        assertThat(report("a", 1, first).events())
                .as("over the connection of before")
                .isEmpty();
        assertThat(report("a", 5, first).orders())
                .as("attempts to kill")
                .containsExactly(new NodeOrder.Kill("a", first));
        assertThat(report("a", 4).events()).as("an older report").isEmpty();
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(2);
    }

    @Test
    void saysOnceADayThatANodeIsThere() {
        report("a", 1);
        PoolEvent joined = new PoolEvent.NodeJoined("a", 7, 1, "boot", 2, Set.of("bash"), "");
        Pool restored = Pool.restored(
                Map.of("a", pool.admitted("a").orElseThrow()),
                pool.nodes(),
                List.of(),
                Map.of(),
                0,
                0,
                PoolEvent.Configured.NOT);
        now = START.plus(Duration.ofHours(23));
        assertThat(said("a", 1, "boot", Set.of("bash")).events()).isEmpty();
        now = START.plus(Duration.ofHours(24));
        assertThat(said("a", 1, "boot", Set.of("bash")).events()).containsExactly(joined);
        assertThat(said("a", 1, "boot", Set.of("bash")).events()).as("once").isEmpty();
        assertThat(PoolDecider.decide(
                                restored,
                                placement,
                                new PoolInput.NodeReport("a", 7, 1, 9, "boot", 2, Set.of("bash"), Set.of()),
                                now,
                                now)
                        .events())
                .as("behind a restart nobody knows when it was said")
                .containsExactly(joined);
    }

    @Test
    void endsATaskWhoseNodesAreLostAgainAndAgain() {
        report("a", 1);
        submit(task("t"));
        for (int epoch = 2; epoch <= PoolDecider.MOST_RECOVERIES + 2; epoch++) {
            place();
            decide(new PoolInput.NodeConnected("a", 7, epoch, false));
            said("a", epoch, "boot" + epoch, Set.of("bash"));
        }
        assertCompleted("t", Result.ABORTED);
    }

    /** Requeues a task, or has its order come back, more often than it may be recovered. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void countsNoRequeueAndNoOrderThatNeverCameAgainstTheBoundOfRecoveries(boolean requeues) {
        report("a", 1);
        submit(task("t"));
        place();
        for (int i = 0; i < 2 * PoolDecider.MOST_RECOVERIES; i++) {
            if (requeues) {
                decide(new PoolInput.SetScheduling("a", false, Deallocation.REQUEUE));
                exit("a", "t", 143, Cause.STOPPED);
                decide(new PoolInput.SetScheduling("a", true, Deallocation.TASK_COMPLETION));
            } else {
                exit("a", "t", 127, Cause.RETURNED);
            }
            report("a", 1);
            place();
        }
        exit("a", "t", 137, Cause.FENCED);
        assertThat(state("t")).isInstanceOf(TaskState.Queued.class);
        assertThat(state("t").attempt().systemVersion()).isEqualTo(2 * PoolDecider.MOST_RECOVERIES + 1);
    }

    @Test
    void triesATaskAgainAsOftenAsItWasChangedTo() {
        running(task("t"));
        decide(new PoolInput.Change("t", 1));
        exit("a", "t", 7, Cause.ITSELF);
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(0, 0, 1)));
        decide(new PoolInput.Change("t", 0));
        place();
        exit("a", "t", 7, Cause.ITSELF);
        assertCompleted("t", Result.FAILED, 7);
        assertThat(refusal(new PoolInput.Change("t", 5))).contains(PoolRefusal.Reason.NO_SUCH_TASK);
    }

    private static TaskDefinition of(String group, String id, int priority) {
        return new TaskDefinition(
                id,
                group,
                priority,
                1,
                1,
                Set.of(),
                Optional.empty(),
                0,
                OnNodeLoss.PLACE_AGAIN,
                Optional.empty(),
                false,
                false,
                Optional.empty());
    }

    private Decided rule(String group, int most, Suspension suspension) {
        return decide(new PoolInput.RuleGroup(group, new GroupRule(OptionalInt.empty(), most, suspension, 5)));
    }

    private List<String> placed() {
        return place().stream()
                .map(order -> ((NodeOrder.Start) order).token().taskId())
                .toList();
    }

    @Test
    void placesSoManyTasksOfAGroupAtOnceAndOthersBesideThem() {
        report("a", 1);
        rule("g", 1, Suspension.NONE);
        submit(of("g", "g1", 0), of("g", "g2", 0), of("h", "h1", 0), of("h", "h2", 0));
        assertThat(placed()).containsExactly("g1", "h1");
        exit("a", "h1", 0, Cause.ITSELF);
        assertThat(placed()).as("one of g runs").containsExactly("h2");
        exit("a", "g1", 0, Cause.ITSELF);
        assertThat(placed()).containsExactly("g2");
        submit(of("g", "g3", 0));
        exit("a", "h2", 0, Cause.ITSELF);
        assertThat(placed()).isEmpty();
        rule("g", -1, Suspension.NONE);
        assertThat(placed()).as("without a limit").containsExactly("g3");
    }

    /** Fills nodes a and b, of two slots each, and queues a gang behind, and others behind that. */
    private void waitsBehindOthers(TaskDefinition gang) {
        report("a", 1);
        report("b", 2);
        submit(task("s1"), task("s2"), task("s3"), task("s4"));
        place();
        submit(gang, task("s5"), task("s6"));
        assertThat(place()).isEmpty();
    }

    @Test
    void holdsNodesForAGangSoThatOthersBehindItDoNotTakeTheirSlots() {
        waitsBehindOthers(gang("g", 2, 0));
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).as("the gang waits for b").isEmpty();
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).containsExactly(new NodeOrder.Start("a", token("g")), new NodeOrder.Start("b", token("g")));
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(placed()).as("the nodes are free for others").containsExactly("s5");
    }

    @Test
    void givesNodesBackThatAGangHasNotFilledInItsTimeAndHoldsThemAgainBehindAPause() {
        waitsBehindOthers(gang("g", 2, 0));
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        now = now.plus(Reservation.FIRST);
        said("a", 1, "boot", Set.of("bash"));
        said("b", 2, "boot", Set.of("bash"));
        assertThat(placed()).containsExactly("s5");
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(placed()).as("none is held in the pause").containsExactly("s6");
        submit(task("s7"), task("s8"));
        now = now.plus(Reservation.FIRST);
        exit("a", "s5", 0, Cause.ITSELF);
        assertThat(placed())
                .as("the gang, which is older, finds no room, and holds both")
                .isEmpty();
        exit("b", "s6", 0, Cause.ITSELF);
        assertThat(placed()).containsExactly("g", "g");
    }

    @Test
    void givesNodesBackThatWaitForAGangThatIsStoppedOrOfWhichOneGoes() {
        waitsBehindOthers(gang("g", 2, 0));
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).isEmpty();
        decide(new PoolInput.SetScheduling("b", false, Deallocation.TASK_COMPLETION));
        assertThat(placed()).as("b gets nothing more").containsExactly("s5");
        decide(new PoolInput.SetScheduling("b", true, Deallocation.TASK_COMPLETION));
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).isEmpty();
        assertThat(pool.isReserved()).isTrue();
        decide(new PoolInput.Stop("g"));
        exit("a", "s5", 0, Cause.ITSELF);
        assertThat(placed()).containsExactly("s6");
        assertThat(pool.isReserved()).isFalse();
    }

    private void sayAll(List<String> nodes) {
        for (int at = 0; at < nodes.size(); at++) {
            Token[] holding = pool.activeOn(nodes.get(at)).stream()
                    .map(task -> token(task.definition().id()))
                    .toArray(Token[]::new);
            said(nodes.get(at), at + 1, "boot", Set.of("bash"), holding);
        }
    }

    /** Lets a gang find room beside a task that runs for as long as it takes: other nodes are held for it than those that it waited for in vain. */
    @Test
    void holdsOtherNodesThanThoseThatWereBusyForTheWholeTime() {
        List<String> nodes = List.of("a", "b", "c");
        for (int at = 0; at < nodes.size(); at++) {
            report(nodes.get(at), at + 1);
        }
        submit(task("s1"), task("s2"), task("s3"), task("s4"), task("s5"), task("s6"));
        place();
        submit(gang("g", 2, 0));
        assertThat(place()).as("a and b are held").isEmpty();
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).isEmpty();
        submit(task("s7"));
        now = now.plus(Reservation.FIRST);
        sayAll(nodes);
        assertThat(placed()).as("a was busy for the whole time").containsExactly("s7");
        now = now.plus(Reservation.FIRST);
        sayAll(nodes);
        assertThat(place()).as("b and c are held").isEmpty();
        exit("c", pool.activeOn("c").getFirst().definition().id(), 0, Cause.ITSELF);
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(placed()).as("a is busy all the time").containsExactly("g", "g");
    }

    @Test
    void holdsNodesForTwiceAsLongForAGangThatWaitedInVain() {
        waitsBehindOthers(gang("g", 2, 0));
        Instant from = now;
        now = from.plus(Reservation.FIRST);
        place();
        assertThat(pool.isReserved()).as("the first time is over").isFalse();
        now = from.plus(Reservation.FIRST.multipliedBy(2));
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).as("behind a pause as long").isEmpty();
        assertThat(pool.isReserved()).isTrue();
        now = from.plus(Reservation.FIRST.multipliedBy(4)).minusMillis(1);
        said(
                "a",
                1,
                "boot",
                Set.of("bash"),
                token(pool.activeOn("a").getFirst().definition().id()));
        assertThat(place()).isEmpty();
        assertThat(pool.isReserved()).as("for twice as long").isTrue();
        now = now.plusMillis(1);
        place();
        assertThat(pool.isReserved()).isFalse();
    }

    @Test
    void holdsNoNodesForAGangWhileATaskOfAHigherPriorityWaitsThatTheyCouldRun() {
        waitsBehindOthers(gang("g", 2, 0));
        assertThat(pool.isReserved()).isTrue();
        submit(prior("unable", Set.of("fortran")));
        place();
        assertThat(pool.isReserved()).as("no node can run that one").isTrue();
        submit(prior("urgent", Set.of()));
        assertThat(place()).isEmpty();
        assertThat(pool.isReserved()).isFalse();
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(placed()).containsExactly("urgent");
    }

    private static TaskDefinition prior(String id, Set<String> requires) {
        return new TaskDefinition(id, 9, 1, 1, requires, Optional.empty(), 0, OnNodeLoss.PLACE_AGAIN, Optional.empty());
    }

    @Test
    void holdsNodesForOneGangAtATime() {
        waitsBehindOthers(gang("g", 2, 0));
        submit(gang("h", 2, 0));
        place();
        for (String node : List.of("a", "b")) {
            for (Pool.Task task : pool.activeOn(node)) {
                exit(node, task.definition().id(), 0, Cause.ITSELF);
            }
        }
        List<NodeOrder> orders = place();
        assertThat(orders)
                .hasSize(4)
                .startsWith(new NodeOrder.Start("a", token("g")), new NodeOrder.Start("b", token("g")));
        assertThat(pool.isReserved()).as("for h").isTrue();
    }

    @Test
    void holdsNodesForAnotherGangBeforeOneThatHasWaitedInVain() {
        List<String> nodes = List.of("a", "b", "c");
        for (int at = 0; at < nodes.size(); at++) {
            report(nodes.get(at), at + 1);
        }
        submit(task("s1"), task("s2"), task("s3"), task("s4"), task("s5"), task("s6"));
        place();
        submit(gang("g", 3, 0), gang("h", 2, 0));
        place();
        for (int i = 0; i < 2; i++) {
            now = now.plus(Reservation.FIRST);
            sayAll(nodes);
            assertThat(place()).isEmpty();
        }
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).isEmpty();
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(placed()).as("g has waited in vain").containsExactly("h", "h");
    }

    @Test
    void placesAGangOnNodesThatAreFreeBesideThoseThatWereHeldForIt() {
        waitsBehindOthers(gang("g", 2, 0));
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).isEmpty();
        report("c", 3);
        assertThat(placed()).startsWith("g", "g");
    }

    @Test
    void placesNoGangThatItsPoolDoesNotSuitAnyMore() {
        decide(new PoolInput.Configure(1, Placement.SPREAD, false, true));
        report("a", 1);
        report("b", 2);
        submit(task("s1"), task("s2"));
        place();
        submit(coordinated("g", 2, 0));
        assertThat(place()).isEmpty();
        assertThat(pool.isReserved()).isTrue();
        decide(new PoolInput.Configure(1, Placement.SPREAD, false, false));
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        exit("b", pool.activeOn("b").getFirst().definition().id(), 0, Cause.ITSELF);
        assertThat(place()).isEmpty();
    }

    @Test
    void placesATaskOnTheNodeThatItPrefersAsLongAsThatHasRoom() {
        report("a", 1);
        report("b", 2);
        report("c", 3);
        for (int i = 0; i < 3; i++) {
            submit(new TaskDefinition(
                    "t" + i,
                    "g",
                    0,
                    1,
                    1,
                    Set.of("bash"),
                    Optional.empty(),
                    0,
                    OnNodeLoss.PLACE_AGAIN,
                    Optional.empty(),
                    false,
                    false,
                    Optional.of("c")));
        }
        assertThat(place()).extracting(NodeOrder::node).containsExactly("c", "c", "a");
    }

    @Test
    void placesTheGroupOfHigherPriorityFirstAsItsRuleSays() {
        submit(of("g", "g1", 0), of("h", "h1", 5), of("g", "g2", 0));
        decide(new PoolInput.RuleGroup("g", new GroupRule(OptionalInt.of(9), -1, Suspension.NONE, 0)));
        report("a", 1);
        assertThat(placed()).containsExactly("g1", "g2");
    }

    @ParameterizedTest
    @EnumSource(
            value = Suspension.class,
            names = {"SUSPENDED", "EMPTIED", "ENDED"})
    void suspendsAGroupAndSaysWhenNoneOfItsTasksIsPlaced(Suspension suspension) {
        report("a", 1);
        submit(of("g", "g1", 0));
        place();
        decide(new PoolInput.Started("a", token("g1")));
        Decided suspended = rule("g", -1, suspension);
        boolean stops = suspension != Suspension.SUSPENDED;
        assertThat(suspended.orders().contains(new NodeOrder.Stop("a", token("g1"))))
                .isEqualTo(stops);
        assertThat(suspended.events()).doesNotContain(new PoolEvent.GroupIdle("g", 5));
        submit(of("g", "g2", 0));
        assertThat(placed()).isEmpty();
        Decided over = exit("a", "g1", stops ? 143 : 0, stops ? Cause.STOPPED : Cause.ITSELF);
        assertThat(over.events()).contains(new PoolEvent.GroupIdle("g", 5));
        switch (suspension) {
            case EMPTIED -> assertThat(state("g1")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
            case ENDED -> assertCompleted("g1", Result.STOPPED, 143);
            case SUSPENDED, NONE -> assertCompleted("g1", Result.SUCCEEDED, 0);
        }
        assertThat(placed()).isEmpty();
        rule("g", -1, Suspension.NONE);
        assertThat(placed()).contains("g2");
        assertThat(rule("g", -1, Suspension.EMPTIED).orders()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"group", "node", "drain"})
    void requeuesAnAttemptThatWasOrderedToStopThoughItMayGoOnMeanwhile(String what) {
        report("a", 1);
        submit(of("g", "g1", 0));
        place();
        decide(new PoolInput.Started("a", token("g1")));
        switch (what) {
            case "group" -> {
                rule("g", -1, Suspension.EMPTIED);
                rule("g", -1, Suspension.NONE);
            }
            case "node" -> {
                decide(new PoolInput.SetScheduling("a", false, Deallocation.REQUEUE));
                decide(new PoolInput.SetScheduling("a", true, Deallocation.REQUEUE));
            }
            default -> {
                decide(new PoolInput.NodeConnected("a", 7, 1, true));
                decide(new PoolInput.NodeConnected("a", 7, 1, false));
            }
        }
        assertThat(said("a", 1, "boot", Set.of("bash"), token("g1")).orders())
                .as("the order may have been lost")
                .containsExactly(new NodeOrder.Stop("a", token("g1")));
        exit("a", "g1", 143, Cause.STOPPED);
        assertThat(state("g1")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
    }

    @Test
    void stopsSoManyTasksOfASuspendedGroupAtOnceAndTheOthersWithTheReportsOfTheirNodes() {
        int nodes = PoolDecider.MOST_STOPPED / 2 + 2;
        for (int i = 0; i < nodes; i++) {
            report("n" + i, 1);
            submit(of("g", "a" + i, 0), of("g", "b" + i, 0));
        }
        while (!placed().isEmpty()) {
            // Places them all.
        }
        Decided ruled = rule("g", -1, Suspension.ENDED);
        assertThat(ruled.orders()).hasSize(PoolDecider.MOST_STOPPED);
        Set<NodeOrder> stops = new HashSet<>(ruled.orders());
        for (int i = 0; i < nodes; i++) {
            Token[] held = pool.activeOn("n" + i).stream()
                    .map(task -> token(task.definition().id()))
                    .toArray(Token[]::new);
            stops.addAll(said("n" + i, 1, "boot", Set.of("bash"), held).orders());
        }
        assertThat(stops).hasSize(2 * nodes);
    }

    @Test
    void saysThatANodeIsNotHeardAndThatItIsThereAgain() {
        report("a", 1);
        decide(new PoolInput.SetScheduling("a", false, Deallocation.TASK_COMPLETION));
        now = now.plus(PoolDecider.UNHEARD);
        assertThat(PoolDecider.silent(pool, now, 9)).containsExactly("a");
        assertThat(decide(new PoolInput.NodeSilent("a")).events()).containsExactly(new PoolEvent.NodeUnheard("a"));
        assertThat(PoolDecider.silent(pool, now, 9)).as("it was said").isEmpty();
        assertThat(said("a", 1, "boot", Set.of("bash")).events())
                .containsExactly(
                        new PoolEvent.NodeJoined("a", 7, 1, "boot", 2, Set.of("bash"), ""),
                        new PoolEvent.SchedulingChanged("a", false, false));
        assertThat(said("a", 1, "boot", Set.of("bash")).events()).isEmpty();
        assertThat(pool.node("a").orElseThrow().enabled()).isFalse();
    }

    @Test
    void namesItsFirstDevicesAndThoseWhoseLeaseIsOverBehindAllOthers() {
        report("c", 1);
        report("b", 1);
        report("a", 1);
        now = now.plus(PoolDecider.LEASE).plus(PoolDecider.GRACE);
        said("b", 1, "boot", Set.of("bash"));
        said("c", 1, "boot", Set.of("bash"));
        decide(new PoolInput.NodeSilent("a"));
        assertThat(pool.firstAdmitted(9)).containsExactly("b", "c", "a");
        assertThat(pool.firstAdmitted(1)).containsExactly("b");
        assertThat(pool.present()).isEqualTo(2);
        decide(new PoolInput.NodeRemoved("b"));
        report("a", 2);
        assertThat(pool.firstAdmitted(9)).containsExactly("a", "c");
    }

    @Test
    void namesItsDevicesByWhatTheyAreCapableOf() {
        report("c", 1);
        report("b", 1);
        report("a", 1);
        said("a", 1, "boot-2", Set.of("python"));
        assertThat(pool.firstCapable("bash", 9)).containsExactly("b", "c");
        assertThat(pool.firstCapable("bash", 1)).containsExactly("b");
        assertThat(pool.firstCapable("python", 9)).containsExactly("a");
        assertThat(pool.firstCapable("php", 9)).isEmpty();
        now = now.plus(PoolDecider.LEASE).plus(PoolDecider.GRACE);
        said("c", 1, "boot", Set.of("bash"));
        decide(new PoolInput.NodeSilent("b"));
        assertThat(pool.firstCapable("bash", 9)).as("b's lease is over").containsExactly("c", "b");
        assertThat(pool.presentCapable("bash")).isEqualTo(1);
        decide(new PoolInput.NodeRemoved("b"));
        assertThat(pool.firstCapable("bash", 9)).containsExactly("c");
    }

    @Test
    void saysOfEachOwnersFirstTaskThatNoNodeIsFound() {
        submit(of("g", "g1", 0), of("g", "g2", 0), of("h", "h1", 0));
        List<PoolEvent> said = decide(new PoolInput.Place(100)).events();
        assertThat(said)
                .containsExactly(
                        new PoolEvent.TaskNotPlaced("g1", Attempt.FIRST, NotPlaced.NO_FREE_SLOTS),
                        new PoolEvent.TaskNotPlaced("h1", Attempt.FIRST, NotPlaced.NO_FREE_SLOTS));
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
        decide(new PoolInput.NodeConnected("b", 7, 9, false));
        said("b", 9, "boot", Set.of("bash", "python"));
        decide(new PoolInput.SetScheduling("b", false, Deallocation.TASK_COMPLETION));
        assertThat(place()).as("it is drained").isEmpty();
        decide(new PoolInput.SetScheduling("b", true, Deallocation.TASK_COMPLETION));
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
        assertThat(decide(new PoolInput.Exited("b", token, 0, Cause.ITSELF, "")).orders())
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

    /** Places a gang on nodes a and b, which run its coordination command. @return its token */
    private Token coordinating(int most) {
        decide(new PoolInput.Configure(1, placement, false, true));
        report("a", 1);
        report("b", 2);
        submit(coordinated("g", 2, most));
        place();
        Token token = token("g");
        decide(new PoolInput.Started("a", token));
        decide(new PoolInput.Started("b", token));
        return token;
    }

    private List<NodeOrder> coordinated(String node, Token token) {
        return decide(new PoolInput.Coordinated(node, token)).orders();
    }

    @Test
    void runsTheCommandOfAGangOnItsPrimaryWhenAllNodesHaveRunTheCoordinationCommand() {
        Token token = coordinating(0);
        assertThat(coordinated("a", token)).isEmpty();
        assertThat(said("a", 1, "boot", Set.of("bash"), token).orders()).isEmpty();
        assertThat(coordinated("b", token)).containsExactly(new NodeOrder.Proceed("a", token));
        assertThat(coordinated("b", token)).as("heard twice").isEmpty();
        assertThat(said("b", 2, "boot", Set.of("bash"), token).orders()).isEmpty();
        assertThat(said("a", 1, "boot", Set.of("bash"), token).orders())
                .as("the order may have been lost with the connection")
                .containsExactly(new NodeOrder.Proceed("a", token));
        assertThat(exit("a", "g", 7, Cause.ITSELF).orders()).containsExactly(new NodeOrder.Stop("b", token));
        exit("b", "g", 143, Cause.STOPPED);
        assertCompleted("g", Result.FAILED, 7);
    }

    @Test
    void startsAGangWhereItHearsOfTheCoordinationCommandAlone() {
        decide(new PoolInput.Configure(1, placement, false, true));
        report("a", 1);
        submit(coordinated("g", 1, 0));
        place();
        Decided decided = decide(new PoolInput.Coordinated("a", token("g")));
        assertThat(decided.events())
                .containsExactly(
                        new PoolEvent.AttemptStarted(token("g"), "a", now),
                        new PoolEvent.AttemptCoordinated(token("g"), "a"));
        assertThat(decided.orders()).containsExactly(new NodeOrder.Proceed("a", token("g")));
    }

    @Test
    void runsNoCommandOfAGangThatIsToEnd() {
        Token token = coordinating(0);
        coordinated("a", token);
        decide(new PoolInput.Stop("g"));
        assertThat(coordinated("b", token)).isEmpty();
        assertThat(said("a", 1, "boot", Set.of("bash"), token).orders())
                .containsExactly(new NodeOrder.Stop("a", token));
    }

    @ParameterizedTest
    @CsvSource({"3, ITSELF, FAILED, 3", "127, NOT_STARTED, FAILED,", "137, WALL_CLOCK, TIMED_OUT, 137"})
    void endsAGangAsTheSubtaskDidThatFailed(int code, Cause cause, Result result, Integer ends) {
        Token token = coordinating(0);
        coordinated("a", token);
        assertThat(exit("b", "g", code, cause).orders()).containsExactly(new NodeOrder.Stop("a", token));
        exit("a", "g", 143, Cause.STOPPED);
        Outcome outcome = ((TaskState.Completed) state("g")).outcome();
        assertThat(outcome.result()).isEqualTo(result);
        assertThat(outcome.exitCode()).isEqualTo(ends == null ? OptionalInt.empty() : OptionalInt.of(ends));
        assertThat(outcome.detail()).isEqualTo("The subtask on b failed.");
    }

    @Test
    void triesAGangAgainWhoseCoordinationCommandFailsAndNotOneThatIsNotStarted() {
        coordinating(1);
        exit("b", "g", 3, Cause.ITSELF);
        exit("a", "g", 143, Cause.STOPPED);
        assertThat(state("g")).isEqualTo(new TaskState.Queued(new Attempt(0, 0, 1)));
        place();
        exit("b", "g", 127, Cause.NOT_STARTED);
        exit("a", "g", 143, Cause.STOPPED);
        assertThat(state("g")).isInstanceOf(TaskState.Completed.class);
    }

    @Test
    void placesAGangAgainOfWhichANodeIsEmptiedWhileItWaits() {
        Token token = coordinating(0);
        coordinated("a", token);
        assertThat(decide(new PoolInput.SetScheduling("b", false, Deallocation.REQUEUE))
                        .orders())
                .containsExactly(new NodeOrder.Stop("a", token), new NodeOrder.Stop("b", token));
        exit("a", "g", 143, Cause.STOPPED);
        exit("b", "g", 143, Cause.STOPPED);
        assertThat(state("g")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
    }

    @Test
    void saysOnceThatAPoolCanNotRunATaskWithACoordinationCommandAndRunsItWhereItCanLater() {
        report("a", 1);
        TaskDefinition task = coordinated("g", 1, 0);
        assertThat(decide(new PoolInput.Submit(task, false)).events())
                .containsExactly(
                        new PoolEvent.TaskQueued(task, 0),
                        new PoolEvent.TaskNotPlaced("g", Attempt.FIRST, NotPlaced.REQUIREMENTS_NOT_MET));
        submit(task("t"));
        assertThat(placed()).as("others pass it").containsExactly("t");
        decide(new PoolInput.Configure(2, placement, false, true));
        assertThat(placed()).as("with two slots").isEmpty();
        decide(new PoolInput.Configure(1, placement, false, false));
        assertThat(placed()).as("whose nodes don't speak").isEmpty();
        now = now.plusSeconds(600);
        assertThat(decide(new PoolInput.Remind()).events()).isEmpty();
        exit("a", "t", 0, Cause.ITSELF);
        said("a", 1, "boot", Set.of("bash"));
        decide(new PoolInput.Configure(1, placement, false, true));
        said("a", 1, "boot", Set.of("bash"));
        assertThat(placed()).containsExactly("g");
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

    @Test
    void takesReportsOfNodesThatArePoolMembersAndOverTheirConnection() {
        assertThat(said("a", 3, "boot", Set.of("bash")).orders())
                .as("nobody said that it is of this pool")
                .containsExactly(new NodeOrder.Leave("a", 7, 3));
        assertThat(decide(new PoolInput.NodeConnected("a", 7, 3, false)).orders())
                .containsExactly(new NodeOrder.Join("a", 7, 3));
        assertThat(pool.node("a")).as("it has not reported").isEmpty();
        assertThat(decide(new PoolInput.NodeReport("a", 7, 3, 1, "boot", 2, Set.of("bash"), Set.of()))
                        .orders())
                .containsExactly(new NodeOrder.Grant("a", 1));
        assertThat(decide(new PoolInput.NodeConnected("a", 7, 2, false)).events())
                .as("an older connection")
                .isEmpty();
        assertThat(said("a", 2, "boot", Set.of("bash")).events())
                .as("over an older connection")
                .isEmpty();
    }

    @Test
    void endsWhatADismissedNodeRunsWithItsLeaseAtTheLatest() {
        Token token = running(retried("t", 0, OnNodeLoss.PLACE_AGAIN));
        assertThat(decide(new PoolInput.NodeRemoved("a")).orders()).containsExactly(new NodeOrder.Leave("a", 7, 1));
        assertThat(decide(new PoolInput.NodeRemoved("a")).events()).as("once").isEmpty();
        submit(task("u"));
        assertThat(place()).as("it gets nothing more").isEmpty();
        assertThat(said("a", 1, "boot", Set.of("bash"), token).orders())
                .as("its lease is not renewed")
                .containsExactly(new NodeOrder.Leave("a", 7, 1));
        decide(new PoolInput.Exited("a", token, 137, Cause.FENCED, ""));
        assertThat(state("t"))
                .as("a killed attempt goes elsewhere")
                .isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0)));
    }

    @Test
    void placesNothingOnANodeThatMissedThreeReportsUntilItIsHeard() {
        report("a", 1);
        now = START.plus(PoolDecider.UNHEARD).minusMillis(1);
        assertThat(PoolDecider.silent(pool, now, 10)).isEmpty();
        report("b", 2);
        now = now.plusMillis(1);
        assertThat(PoolDecider.silent(pool, now, 10)).containsExactly("a");
        Decided decided = decide(new PoolInput.NodeSilent("a"));
        assertThat(decided.events()).containsExactly(new PoolEvent.NodeUnheard("a"));
        assertThat(decided.orders()).isEmpty();
        assertThat(pool.node("a").orElseThrow().free()).isZero();
        assertThat(PoolDecider.silent(pool, now, 10)).as("once").isEmpty();

        report("a", 2);
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(2);
    }

    @Test
    void losesADismissedNodeThatSaysNothing() {
        running(retried("t", 0, OnNodeLoss.PLACE_AGAIN));
        decide(new PoolInput.NodeRemoved("a"));
        now = now.plus(PoolDecider.LEASE).plus(PoolDecider.GRACE);
        assertThat(PoolDecider.silent(pool, now, 10)).containsExactly("a");
        decide(new PoolInput.NodeSilent("a"));
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0)));
        assertThat(PoolDecider.silent(pool, now, 10)).as("once").isEmpty();
    }

    @Test
    void failsATaskThatWasNeverStartedWithTheNodesReason() {
        running(retried("t", 3, OnNodeLoss.PLACE_AGAIN));
        decide(new PoolInput.Exited("a", token("t"), 0, Cause.NOT_STARTED, "There is no such file."));
        assertThat(((TaskState.Completed) state("t")).outcome())
                .isEqualTo(new Outcome(Result.FAILED, OptionalInt.empty(), "There is no such file."));
    }

    @Test
    void forgetsATaskThatHasEnded() {
        running(task("t"));
        exit("a", "t", 0, Cause.ITSELF);
        decide(new PoolInput.Forget("t"));
        assertThat(pool.task("t")).isEmpty();
        assertThat(decide(new PoolInput.Forget("t")).events()).as("again").isEmpty();
        submit(task("t"));
        place();
        assertThat(token("t").placement()).as("no placement is given twice").isEqualTo(1);
    }

    @Test
    void forgetsATaskThatRunsWhenItHasEnded() {
        running(retried("t", 1, OnNodeLoss.PLACE_AGAIN));
        assertThat(decide(new PoolInput.Forget("t")).refusal()).isEmpty();
        assertThat(decide(new PoolInput.Forget("t")).events()).as("again").isEmpty();
        assertThat(refusal(new PoolInput.Submit(retried("t", 1, OnNodeLoss.PLACE_AGAIN), false)))
                .as("the same id for a task that is wanted")
                .contains(PoolRefusal.Reason.STILL_ENDING);
        exit("a", "t", 7, Cause.ITSELF);
        place();
        assertThat(state("t")).as("it goes on as it would have").isInstanceOf(TaskState.Active.class);
        exit("a", "t", 7, Cause.ITSELF);
        assertThat(pool.task("t")).isEmpty();

        submit(task("queued"));
        decide(new PoolInput.Forget("queued"));
        decide(new PoolInput.Stop("queued"));
        assertThat(pool.task("queued")).isEmpty();
    }

    @Test
    void asksForABoundedNumberOfKindsAndForAllOfThemInTheEnd() {
        int kinds = 10 * PoolDecider.MOST_ASKED;
        for (int kind = 0; kind < kinds; kind++) {
            submit(pinned("t" + kind, "n" + kind, 1));
            submit(needing("u" + kind, "c" + kind));
        }
        assertThat(place()).isEmpty();
        assertThat(pool.hasPlaceable()).as("the others are asked about later").isTrue();
        report("n" + (kinds - 1), 1);
        decide(new PoolInput.NodeConnected("x", 7, 1, false));
        said("x", 1, "boot", Set.of("c" + (kinds - 1)));
        Set<String> started = new HashSet<>();
        for (int tick = 0; tick < 4 * kinds / PoolDecider.MOST_ASKED && pool.hasPlaceable(); tick++) {
            place().forEach(order -> started.add(order.node()));
        }
        assertThat(started).containsExactlyInAnyOrder("n" + (kinds - 1), "x");
        while (pool.hasPlaceable()) {
            place();
        }
        report("n3", 1);
        assertThat(place())
                .as("a node that comes gets the tasks that wait for it, whatever else waits")
                .extracting(NodeOrder::node)
                .containsExactly("n3");
    }

    @Test
    void givesRoomInTheEndToAnUrgentTaskThatFoundNoneWhileOneKindAlwaysDoes() {
        int kinds = 2 * PoolDecider.MOST_ASKED;
        for (int kind = 0; kind < kinds; kind++) {
            submit(needing("u" + kind, "c" + kind));
        }
        for (int task = 0; task < 4 * kinds; task++) {
            submit(task("many" + task));
        }
        report("a", 1);
        for (int tick = 0; tick < 5; tick++) {
            decide(new PoolInput.Place(1));
        }
        submit(new TaskDefinition(
                "urgent", 9, 2, 1, Set.of(), Optional.empty(), 0, OnNodeLoss.PLACE_AGAIN, Optional.empty()));
        exit("a", pool.activeOn("a").getFirst().definition().id(), 0, Cause.ITSELF);
        for (int tick = 0; tick < 4; tick++) {
            decide(new PoolInput.Place(1));
        }
        assertThat(state("urgent")).as("one slot is free, it takes two").isInstanceOf(TaskState.Queued.class);
        for (int tick = 0; tick < 3 * kinds && !(state("urgent") instanceof TaskState.Active); tick++) {
            pool.activeOn("a").forEach(task -> exit("a", task.definition().id(), 0, Cause.ITSELF));
            decide(new PoolInput.Place(1));
        }
        assertThat(state("urgent")).isInstanceOf(TaskState.Active.class);
    }

    /** Has node a end so many tasks within 800 ms, one behind the other. */
    private void endShortTasks(int count) {
        for (int task = 0; task < count; task++) {
            submit(task("short" + task));
            place();
            now = now.plusMillis(800 / count);
            exit("a", "short" + task, 0, Cause.ITSELF);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "3, 2", "4, 4", "40, 22"})
    void placesAsManyAheadOnANodeAsItEndsWhileAnOrderIsOnItsWay(int ended, int placed) {
        report("a", 1);
        endShortTasks(ended);
        for (int task = 0; task < 50; task++) {
            submit(task("t" + task));
        }
        assertThat(place()).hasSize(placed);
    }

    @Test
    void placesAheadOnlyWhereNoNodeHasAFreeSlotAndNeverGangsOrTasksOfSeveralSlots() {
        report("a", 1);
        endShortTasks(40);
        report("b", 1);
        submit(task("1"), task("2"), task("3"), task("4"));
        assertThat(place()).extracting(NodeOrder::node).containsExactly("a", "b", "a", "b");
        submit(gang("g", 2, 0), pinned("wide", "a", 2));
        assertThat(place()).isEmpty();
        decide(new PoolInput.Stop("g"));
        submit(task("5"));
        assertThat(place()).extracting(NodeOrder::node).containsExactly("a");
    }

    @Test
    void placesNothingAheadOnANodeThatEndsNothingAnyMore() {
        report("a", 1);
        endShortTasks(40);
        now = now.plusSeconds(1);
        submit(task("1"), task("2"), task("3"));
        assertThat(place()).hasSize(2);
        decide(new PoolInput.SetScheduling("a", false, Deallocation.TASK_COMPLETION));
        assertThat(place()).isEmpty();
    }

    @Test
    void placesAgainAsAnotherSystemVersionWhatWaitedInVain() {
        report("a", 1);
        submit(retried("t", 0, OnNodeLoss.ABORT));
        place();
        exit("a", "t", 127, Cause.RETURNED);
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0, 1)));
        assertThat(place()).as("it has free slots, and no room").isEmpty();
        report("a", 1);
        assertThat(place()).containsExactly(new NodeOrder.Start("a", new Token("t", 1)));
        decide(new PoolInput.Stop("t"));
        exit("a", "t", 127, Cause.RETURNED);
        assertCompleted("t", Result.STOPPED);
    }

    @Test
    void placesNothingAheadOnANodeThatGaveAnAttemptBackUntilItEndsMore() {
        report("a", 1);
        endShortTasks(40);
        submit(IntStream.range(0, 23).mapToObj(i -> task("t" + i)).toArray(TaskDefinition[]::new));
        assertThat(place()).hasSize(22);
        exit("a", "t21", 127, Cause.RETURNED);
        assertThat(place()).isEmpty();
        for (int task = 0; task < 21; task++) {
            exit("a", "t" + task, 0, Cause.ITSELF);
        }
        assertThat(place()).as("it has slots").hasSize(2);
    }

    @Test
    void placesAsAnotherSystemVersionWhatANodeThatWasStartedAnewGivesBack() {
        report("a", 1);
        submit(retried("t", 0, OnNodeLoss.ABORT));
        place();
        decide(new PoolInput.NodeConnected("a", 7, 2, false));
        said("a", 2, "another boot", Set.of("bash"), token("t"));
        exit("a", "t", 127, Cause.RETURNED);
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0, 1)));
        assertThat(place()).as("it is not full").extracting(NodeOrder::node).containsExactly("a");
    }

    private List<NodeOrder> drain(String node, long epoch) {
        return decide(new PoolInput.NodeConnected(node, 7, epoch, true)).orders();
    }

    @Test
    void givesWhatADrainedNodeRunsToOthersAndPlacesNothingOnIt() {
        Token token = running(retried("t", 0, OnNodeLoss.PLACE_AGAIN));
        assertThat(drain("a", 1)).containsExactly(new NodeOrder.Stop("a", token));
        assertThat(drain("a", 1)).as("once").isEmpty();
        assertThat(said("a", 1, "boot", Set.of("bash"), token).orders())
                .as("the order may have been lost with the connection")
                .containsExactly(new NodeOrder.Stop("a", token));
        exit("a", "t", 143, Cause.STOPPED);
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
        assertThat(place()).isEmpty();
        decide(new PoolInput.NodeConnected("a", 7, 1, false));
        assertThat(place()).extracting(NodeOrder::node).containsExactly("a");
    }

    @Test
    void completesATaskThatEndsByItselfWhileItsNodeIsDrained() {
        running(task("t"));
        drain("a", 1);
        exit("a", "t", 0, Cause.ITSELF);
        assertCompleted("t", Result.SUCCEEDED, 0);
    }

    /** Completes a task as stopped by its node, which says STOPPED of each program that ends behind a stop, also of one that was about to end. */
    @ParameterizedTest
    @EnumSource(OnNodeLoss.class)
    void completesATaskThatEndsWellWithinTheGraceOfADrain(OnNodeLoss onNodeLoss) {
        running(retried("t", 0, onNodeLoss));
        drain("a", 1);
        exit("a", "t", 0, Cause.STOPPED);
        assertCompleted("t", Result.SUCCEEDED, 0);
    }

    @Test
    void placesAgainATaskThatRestartsWhereItEndsWellWithinTheGraceOfADrain() {
        running(restarted("t"));
        drain("a", 1);
        exit("a", "t", 0, Cause.STOPPED);
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
    }

    @Test
    void keepsAStopByAUserWhereTheProgramEndsWellWithinTheGraceOfADrain() {
        running(task("t"));
        drain("a", 1);
        decide(new PoolInput.Stop("t"));
        exit("a", "t", 0, Cause.STOPPED);
        assertCompleted("t", Result.STOPPED, 0);
    }

    @Test
    void abortsOnADrainedNodeWhatMayNotBePlacedAgain() {
        running(retried("t", 3, OnNodeLoss.ABORT));
        drain("a", 1);
        exit("a", "t", 143, Cause.STOPPED);
        assertCompleted("t", Result.ABORTED);
    }

    @ParameterizedTest
    @EnumSource(OnNodeLoss.class)
    void countsARequeueOfWhatOnlyWaitedOnADrainedNode(OnNodeLoss onNodeLoss) {
        report("a", 1);
        submit(retried("t", 0, onNodeLoss));
        place();
        report("b", 2);
        assertThat(drain("a", 1)).containsExactly(new NodeOrder.Stop("a", token("t")));
        exit("a", "t", 127, Cause.RETURNED);
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
        assertThat(place()).extracting(NodeOrder::node).containsExactly("b");
    }

    @Test
    void requeuesAGangOfWhichAPartOnlyWaitedOnADrainedNode() {
        report("a", 1);
        report("b", 2);
        submit(gang("g", 2, 0));
        place();
        decide(new PoolInput.Started("a", token("g")));
        assertThat(drain("b", 2))
                .containsExactly(new NodeOrder.Stop("a", token("g")), new NodeOrder.Stop("b", token("g")));
        exit("b", "g", 127, Cause.RETURNED);
        exit("a", "g", 143, Cause.STOPPED);
        assertThat(state("g")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
    }

    /** Has one node of a gang give its part back, before or after the other has run its coordination command: no node was lost, and the task has no fewer recoveries for it. */
    @ParameterizedTest
    @CsvSource({"false, 143, STOPPED", "true, 143, STOPPED", "true, 0, STOPPED"})
    void placesAGangAgainWhereANodeGivesItsPartBack(boolean coordinated, int code, Cause cause) {
        report("a", 1);
        report("b", 2);
        submit(gang("g", 2, 0));
        for (int round = 1; round <= 2 * PoolDecider.MOST_RECOVERIES; round++) {
            place();
            Token token = token("g");
            decide(new PoolInput.Started("a", token));
            if (coordinated) {
                decide(new PoolInput.Coordinated("a", token));
            }
            assertThat(exit("b", "g", 127, Cause.RETURNED).orders()).containsExactly(new NodeOrder.Stop("a", token));
            exit("a", "g", code, cause);
            assertThat(state("g")).isEqualTo(new TaskState.Queued(new Attempt(round, 0, 0, round)));
            report("b", 2);
        }
    }

    /** Loses the other node meanwhile: that is a recovery. */
    @Test
    void countsARecoveryOfAGangOfWhichOneNodeGivesItsPartBackAndAnotherIsLost() {
        report("a", 1);
        report("b", 2);
        submit(gang("g", 2, 0));
        place();
        decide(new PoolInput.Started("a", token("g")));
        exit("b", "g", 127, Cause.RETURNED);
        exit("a", "g", 137, Cause.FENCED);
        assertThat(state("g")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0)));
    }

    @Test
    void staysDrainedOverConnections() {
        report("a", 1);
        drain("a", 1);
        drain("a", 2);
        said("a", 2, "boot", Set.of("bash"));
        submit(task("t"));
        assertThat(place()).isEmpty();
    }

    @Test
    void restoresAPoolOfWhatIsKept() {
        Token token = running(retried("t", 2, OnNodeLoss.PLACE_AGAIN));
        submit(task("queued"));
        Pool restored = Pool.restored(
                Map.of("a", new Pool.Admission(7, 1, false, Optional.empty())),
                pool.nodes().stream().map(node -> node.with(-node.used())).toList(),
                pool.tasks(),
                Map.of(),
                pool.nextNumber(),
                pool.nextPlacement(),
                PoolEvent.Configured.NOT);
        assertThat(restored.node("a").orElseThrow().used()).isEqualTo(1);
        assertThat(restored.activeOn("a"))
                .extracting(task -> task.definition().id())
                .containsExactly("t");
        assertThat(PoolDecider.decide(restored, placement, new PoolInput.Place(10), now, now)
                        .orders())
                .containsExactly(new NodeOrder.Start("a", new Token("queued", token.placement() + 1)));
    }

    @Test
    void givesTasksToANodeThatIsOfThePoolAgainOverTheSameConnection() {
        report("a", 1);
        decide(new PoolInput.NodeRemoved("a"));
        report("a", 1);
        submit(task("t"));
        assertThat(place()).containsExactly(new NodeOrder.Start("a", new Token("t", 0)));
    }

    /** Takes the attempt for gone: where the node had it, it killed it and reports nothing, and over a new connection the pool hears that it is not held. */
    @ParameterizedTest
    @EnumSource(OnNodeLoss.class)
    void takesANodeWithAnOrderOnItsWayBackIntoThePoolOverANewConnectionAlone(OnNodeLoss onNodeLoss) {
        report("a", 1);
        submit(retried("t", 0, onNodeLoss));
        place();
        decide(new PoolInput.NodeRemoved("a"));
        Decided again = decide(new PoolInput.NodeConnected("a", 7, 1, false));
        assertThat(again.events()).isEmpty();
        assertThat(again.orders()).containsExactly(new NodeOrder.Disconnect("a", 7, 1));
        assertThat(said("a", 1, "boot", Set.of("bash")).orders())
                .as("over the connection of before")
                .containsExactly(new NodeOrder.Leave("a", 7, 1));
        report("a", 2);
        if (onNodeLoss == OnNodeLoss.ABORT) {
            assertCompleted("t", Result.ABORTED);
        } else {
            assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0)));
            assertThat(place()).extracting(NodeOrder::node).containsExactly("a");
        }
    }

    @Test
    void stopsEachPartOfAGangOnce() {
        report("a", 1);
        report("b", 1);
        report("c", 1);
        submit(gang("t", 3, 0));
        place();
        assertThat(exit("a", "t", 0, Cause.ITSELF).orders()).hasSize(2);
        assertThat(exit("b", "t", 143, Cause.STOPPED).orders()).isEmpty();
    }

    @Test
    void stopsAPartOfAGangAgainOverANewConnectionWhereItsPrimaryHasEnded() {
        report("a", 1);
        report("b", 1);
        submit(gang("t", 2, 0));
        place();
        Token token = token("t");
        decide(new PoolInput.Started("b", token));
        exit("a", "t", 0, Cause.ITSELF);
        assertThat(report("b", 2, token).orders()).containsExactly(new NodeOrder.Stop("b", token));
    }

    @Test
    void placesATaskOfTheLeastPriorityLast() {
        for (int priority : new int[] {Integer.MIN_VALUE, 0, Integer.MAX_VALUE}) {
            submit(new TaskDefinition(
                    "t" + priority,
                    priority,
                    2,
                    1,
                    Set.of(),
                    Optional.empty(),
                    0,
                    OnNodeLoss.PLACE_AGAIN,
                    Optional.empty()));
        }
        report("a", 1);
        assertThat(place())
                .extracting(order -> ((NodeOrder.Start) order).token().taskId())
                .containsExactly("t2147483647");
        report("b", 1);
        assertThat(place())
                .extracting(order -> ((NodeOrder.Start) order).token().taskId())
                .containsExactly("t0");
    }

    @Test
    void killsABoundedNumberOfUnknownAttemptsForAReport() {
        Token[] holding =
                IntStream.range(0, 100_000).mapToObj(i -> new Token("x" + i, i)).toArray(Token[]::new);
        assertThat(report("a", 1, holding).orders()).hasSizeBetween(1, 1000);
    }

    @Test
    void countsEachNodeOfAGangWhenItPlaces() {
        for (int node = 0; node < 1000; node++) {
            report("n" + node, 1);
        }
        for (int task = 0; task < 20; task++) {
            submit(gang("t" + task, 100, 0));
        }
        assertThat(place()).hasSize(100);
    }
}
