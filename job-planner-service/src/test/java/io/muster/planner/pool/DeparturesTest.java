package io.muster.planner.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.pool.Departure.Goal;
import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolDecider.Placement;
import io.muster.planner.pool.TaskDefinition.OnNodeLoss;
import io.muster.planner.pool.TaskState.Cause;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables of nodes that go to another pool, are disabled, or start anew. Contract: batch, 3.1 and 3.5. */
class DeparturesTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final Goal THERE = new Goal.OtherPool("there");
    private final Pool pool = new Pool();

    private Decided decide(PoolInput input) {
        return PoolDecider.decide(pool, Placement.PACK, input, NOW, NOW);
    }

    private void node(String id, String... capabilities) {
        decide(new PoolInput.NodeConnected(id, 7, 1, false));
        report(id, "boot", Set.of(capabilities));
    }

    private Decided report(String id, String boot, Set<String> capabilities, Token... holding) {
        return decide(new PoolInput.NodeReport(id, 7, 1, 1, boot, 4, capabilities, Set.of(holding)));
    }

    private Token running(String task, String node) {
        decide(new PoolInput.Submit(
                new TaskDefinition(
                        task, 0, 1, 1, Set.of(), Optional.of(node), 0, OnNodeLoss.PLACE_AGAIN, Optional.empty()),
                false));
        decide(new PoolInput.Place(10));
        Token token = new Token(task, ((TaskState.Active) state(task)).placement());
        decide(new PoolInput.Started(node, token));
        return token;
    }

    private TaskState state(String task) {
        return pool.task(task).orElseThrow().state();
    }

    private static PoolInput.MoveNodes move(int count, Deallocation tasks, String... nodes) {
        return new PoolInput.MoveNodes("there", count, List.of(nodes), Set.of(), tasks);
    }

    private List<String> departing() {
        return pool.admitted().stream()
                .filter(node -> pool.departure(node).isPresent())
                .toList();
    }

    @Test
    void movesAnEmptyNodeAtOnceAndTellsItsDevicesPartition() {
        node("a");
        Decided moved = decide(move(1, Deallocation.REQUEUE));
        assertThat(moved.events())
                .containsExactly(
                        new PoolEvent.NodeDeparting("a", THERE, Deallocation.REQUEUE), new PoolEvent.NodeReleased("a"));
        assertThat(moved.orders()).containsExactly(new NodeOrder.MoveTo("a", "there"));
        assertThat(decide(move(1, Deallocation.REQUEUE)).events())
                .as("one is under way")
                .isEmpty();
        decide(new PoolInput.NodeRemoved("a"));
        assertThat(pool.admitted()).isEmpty();
        node("a");
        assertThat(departing()).as("back").isEmpty();
    }

    @Test
    void sendsNodesOfTheReserveThatComeToAClosedPoolBackAndNoOthers() {
        node("a");
        decide(new PoolInput.Configure(0, Placement.SPREAD, true, false));
        assertThat(pool.departure("a")).map(Departure::goal).contains(new Goal.OtherPool(Pool.RESERVE));
        assertThat(decide(new PoolInput.NodeConnected("b", 7, 5, false, true)).orders())
                .contains(new NodeOrder.MoveTo("b", Pool.RESERVE));
        decide(new PoolInput.NodeConnected("other", 7, 5, false, false));
        assertThat(pool.departure("other")).as("the reserve does not have it").isEmpty();
        decide(new PoolInput.Configure(0, Placement.SPREAD, false, false));
        decide(new PoolInput.NodeConnected("c", 7, 6, false, true));
        assertThat(pool.departure("c")).isEmpty();
    }

    @Test
    void movesNoOtherNodeForOneThatIsNotThere() {
        node("a");
        node("b");
        assertThat(decide(move(2, Deallocation.REQUEUE, "a", "none")).refusal()).isPresent();
        assertThat(departing()).containsExactly("a");
    }

    @Test
    void placesNothingOnANodeThatDepartsOverANewConnectionNeither() {
        node("a");
        decide(move(1, Deallocation.REQUEUE));
        decide(new PoolInput.NodeConnected("a", 7, 2, false));
        decide(new PoolInput.NodeReport("a", 7, 2, 1, "boot", 4, Set.of(), Set.of()));
        decide(new PoolInput.Submit(
                new TaskDefinition(
                        "t", 0, 1, 1, Set.of(), Optional.empty(), 0, OnNodeLoss.PLACE_AGAIN, Optional.empty()),
                false));
        assertThat(decide(new PoolInput.Place(10)).orders()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Deallocation.class)
    void emptiesANodeAsTheCommandSays(Deallocation tasks) {
        node("a");
        Token token = running("t", "a");
        Decided moved = decide(move(0, tasks, "a"));
        boolean stops = tasks == Deallocation.REQUEUE || tasks == Deallocation.TERMINATE;
        assertThat(moved.orders().contains(new NodeOrder.Stop("a", token))).isEqualTo(stops);
        assertThat(moved.orders()).as("it isn't empty").doesNotContain(new NodeOrder.MoveTo("a", "there"));
        Decided exited =
                decide(new PoolInput.Exited("a", token, stops ? 143 : 0, stops ? Cause.STOPPED : Cause.ITSELF, ""));
        assertThat(exited.orders()).contains(new NodeOrder.MoveTo("a", "there"));
        switch (tasks) {
            case REQUEUE -> assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
            case TERMINATE -> assertResult("t", Result.STOPPED);
            case TASK_COMPLETION, RETAINED_DATA -> assertResult("t", Result.SUCCEEDED);
        }
    }

    private void assertResult(String task, Result result) {
        assertThat(((TaskState.Completed) state(task)).outcome().result()).isEqualTo(result);
    }

    @Test
    void repeatsTheStopOfARequeueWithEachReport() {
        node("a");
        Token token = running("t", "a");
        decide(move(0, Deallocation.REQUEUE, "a"));
        assertThat(report("a", "boot", Set.of(), token).orders()).contains(new NodeOrder.Stop("a", token));
    }

    @Test
    void choosesNodesThatAreOfUseForAPoolAndTheOthersFirstForTheReserve() {
        node("a", "vmSize=large");
        node("b", "vmSize=large");
        node("c", "vmSize=local");
        running("t", "a");
        decide(new PoolInput.SetScheduling("b", false, Deallocation.TASK_COMPLETION));
        decide(new PoolInput.MoveNodes("there", 3, List.of(), Set.of("vmSize=large"), Deallocation.TASK_COMPLETION));
        assertThat(departing()).as("b takes nothing, c is another size").containsExactly("a");
        decide(new PoolInput.StopMoves());
        decide(new PoolInput.MoveNodes(Pool.RESERVE, 1, List.of(), Set.of(), Deallocation.REQUEUE));
        assertThat(departing()).as("of no use").containsExactly("b");
        decide(new PoolInput.MoveNodes(Pool.RESERVE, 2, List.of(), Set.of(), Deallocation.REQUEUE));
        assertThat(departing()).as("the empty one").containsExactly("b", "c");
    }

    @Test
    void callsOffOnlyMovesThatWaitForTheirTasks() {
        node("a");
        node("b");
        node("c");
        running("t", "a");
        running("u", "b");
        decide(move(0, Deallocation.TASK_COMPLETION, "a"));
        decide(move(0, Deallocation.REQUEUE, "b", "c"));
        assertThat(decide(new PoolInput.StopMoves()).events()).containsExactly(new PoolEvent.NodeStays("a"));
        assertThat(departing()).containsExactly("b", "c");
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(3);
    }

    @Test
    void keepsANodeThatItsDevicesPartitionCannotMove() {
        node("a");
        decide(move(1, Deallocation.REQUEUE));
        decide(new PoolInput.MoveRefused("a"));
        assertThat(departing()).isEmpty();
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(4);
    }

    @Test
    void movesALostNodeSinceNothingRunsThere() {
        node("a");
        running("t", "a");
        decide(move(0, Deallocation.TASK_COMPLETION, "a"));
        Instant later = NOW.plus(PoolDecider.LEASE).plus(PoolDecider.GRACE);
        Decided lost = PoolDecider.decide(pool, Placement.SPREAD, new PoolInput.NodeSilent("a"), later, later);
        assertThat(lost.orders()).contains(new NodeOrder.MoveTo("a", "there"));
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 0, 0)));
    }

    @Test
    void refusesANodeThatThePoolHasNot() {
        assertThat(decide(move(0, Deallocation.REQUEUE, "none")).refusal().map(PoolRefusal::reason))
                .contains(PoolRefusal.Reason.NO_SUCH_NODE);
        assertThat(decide(new PoolInput.RestartNode("none", Deallocation.REQUEUE))
                        .refusal()
                        .map(PoolRefusal::reason))
                .contains(PoolRefusal.Reason.NO_SUCH_NODE);
    }

    @Test
    void startsANodeAnewWhenItIsEmptyAndUntilItReportsAnotherRun() {
        node("a");
        Token token = running("t", "a");
        assertThat(decide(new PoolInput.RestartNode("a", Deallocation.TASK_COMPLETION))
                        .orders())
                .isEmpty();
        assertThat(decide(new PoolInput.Exited("a", token, 0, Cause.ITSELF, "")).orders())
                .contains(new NodeOrder.Restart("a", "boot"));
        assertThat(report("a", "boot", Set.of()).orders())
                .as("the order was lost")
                .contains(new NodeOrder.Restart("a", "boot"));
        assertThat(report("a", "another", Set.of()).events()).contains(new PoolEvent.NodeStays("a"));
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(4);
    }

    @Test
    void givesTheTasksOfADisabledNodeToOthersWhereTheCommandSaysSo() {
        node("a");
        Token token = running("t", "a");
        Decided disabled = decide(new PoolInput.SetScheduling("a", false, Deallocation.REQUEUE));
        assertThat(disabled.orders()).containsExactly(new NodeOrder.Stop("a", token));
        decide(new PoolInput.Exited("a", token, 143, Cause.STOPPED, ""));
        assertThat(state("t")).isEqualTo(new TaskState.Queued(new Attempt(1, 1, 0)));
        assertThat(decide(new PoolInput.Place(10)).orders()).isEmpty();
        decide(new PoolInput.SetScheduling("a", true, Deallocation.REQUEUE));
        assertThat(decide(new PoolInput.Place(10)).orders()).hasSize(1);
    }

    @Test
    void usesNoMoreSlotsOfANodeThanThePoolSays() {
        decide(new PoolInput.Configure(1, Placement.PACK, false, false));
        node("a");
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(1);
        assertThat(report("a", "boot", Set.of()).events()).as("as it was").isEmpty();
        assertThat(pool.placement()).isEqualTo(Placement.PACK);
        decide(new PoolInput.Configure(0, Placement.PACK, false, false));
        report("a", "boot", Set.of());
        assertThat(pool.node("a").orElseThrow().free()).isEqualTo(4);
        assertThat(OptionalInt.of(pool.slotsPerNode())).hasValue(0);
    }
}
