package io.muster.planner.pool;

import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolDecider.Placement;
import io.muster.planner.pool.TaskDefinition.OnNodeLoss;
import io.muster.planner.pool.TaskState.Cause;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Prints how many tasks a pool of 1,000 simulated nodes places a second, each behind the exit of another one, and how that depends on how many are queued. Decisions alone: no store, no record, no clock but the
 * measurement's.
 *
 * <p>Run it with {@code mvn test -pl job-planner-service -am -Dtest=PlacementTimes -Dplacement.measure=true}. Asserts nothing: times are of the machine.
 */
class PlacementTimes {
    private static final int NODES = 1_000;
    private static final int SLOTS = 8;
    private static final int JOBS = 100;
    private static final int EXITS_A_ROUND = 100;
    private static final int MOST = 100;
    private static final int MEASURED = 100_000;
    private static final int[] QUEUED = {10_000, 100_000, 1_000_000};

    private final Instant now = Instant.parse("2026-12-01T12:00:00Z");

    /** Is an attempt that is placed. */
    private record Placed(String node, Token token) {}

    @Test
    @EnabledIfSystemProperty(named = "placement.measure", matches = "true")
    void measure() {
        for (String round : new String[] {"cold", "warm"}) {
            for (int queued : QUEUED) {
                measure(round, queued);
            }
        }
    }

    private void measure(String round, int queued) {
        Pool pool = new Pool();
        for (int node = 0; node < NODES; node++) {
            decide(pool, new PoolInput.NodeConnected("n" + node, 1, 1, false));
            decide(pool, new PoolInput.NodeReport("n" + node, 1, 1, 1, "boot", SLOTS, Set.of("sh"), Set.of()));
        }
        long start = System.nanoTime();
        int number = 0;
        while (number < queued) {
            submit(pool, number++);
        }
        double submitted = queued / seconds(start);
        Deque<Placed> running = new ArrayDeque<>();
        start = System.nanoTime();
        int filled = 0;
        for (int placed = -1; placed != 0; filled += placed) {
            placed = place(pool, running);
        }
        double first = filled / seconds(start);
        start = System.nanoTime();
        int placed = 0;
        while (placed < MEASURED) {
            for (int exit = 0; exit < EXITS_A_ROUND; exit++) {
                Placed over = running.removeFirst();
                decide(pool, new PoolInput.Exited(over.node(), over.token(), 0, Cause.ITSELF, ""));
                submit(pool, number++);
            }
            placed += place(pool, running);
        }
        System.out.printf(
                Locale.ROOT,
                "%s: %,d queued over %,d nodes of %d slots: %,.0f submitted/s; %,.0f placed/s on idle nodes; %,.0f placed/s, each behind an exit and a submission (%.1f µs)%n",
                round,
                queued,
                NODES,
                SLOTS,
                submitted,
                first,
                placed / seconds(start),
                1e6 * seconds(start) / placed);
    }

    private void submit(Pool pool, int number) {
        TaskDefinition task = new TaskDefinition(
                "t" + number,
                "job-" + number % JOBS,
                0,
                1,
                1,
                Set.of("sh"),
                Optional.empty(),
                0,
                OnNodeLoss.PLACE_AGAIN,
                Optional.empty(),
                true,
                false,
                Optional.empty());
        decide(pool, new PoolInput.Submit(task, false));
    }

    private int place(Pool pool, Deque<Placed> running) {
        int placed = 0;
        for (NodeOrder order : decide(pool, new PoolInput.Place(MOST)).orders()) {
            if (order instanceof NodeOrder.Start(String node, Token token)) {
                running.addLast(new Placed(node, token));
                placed++;
            }
        }
        return placed;
    }

    private Decided decide(Pool pool, PoolInput input) {
        return PoolDecider.decide(pool, Placement.SPREAD, input, now, now);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
