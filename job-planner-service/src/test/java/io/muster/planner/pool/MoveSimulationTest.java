package io.muster.planner.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolDecider.Placement;
import io.muster.planner.pool.TaskDefinition.OnNodeLoss;
import io.muster.planner.pool.TaskState.Cause;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Simulates nodes that go to and fro between the reserve and two pools while tasks run: each pool reads its own log, the devices' partition reads its own, and how
 * far each of them is behind is chance. {@code -Dseed=N} runs one seed.
 */
class MoveSimulationTest {
    private static final List<String> POOLS = List.of(Pool.RESERVE, "left", "right");
    private static final int NODES = 5;
    private static final int STEPS = 4000;
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");

    static Stream<Long> seeds() {
        String one = System.getProperty("seed");
        return one == null ? LongStream.rangeClosed(1, 200).boxed() : Stream.of(Long.valueOf(one));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void hasEachNodeTakeTasksInOnePoolAndLosesNone(long seed) {
        new World(seed).run();
    }

    private static final class World {
        private final SplittableRandom random;
        private final Map<String, Pool> pools = new TreeMap<>();
        private final Map<String, Queue<PoolInput>> logs = new HashMap<>();
        private final Queue<DeviceOrder> device = new ArrayDeque<>();
        private final Map<String, String> tags = new TreeMap<>();
        private final Map<String, Long> epochs = new HashMap<>();
        private final Map<String, String> boots = new HashMap<>();
        /** Holds what runs on nodes, by pool. */
        private final Map<String, Map<Token, String>> running = new HashMap<>();

        private final long seed;
        private int tasks;
        private int moved;

        private record DeviceOrder(String node, String from, String to) {}

        World(long seed) {
            this.seed = seed;
            this.random = new SplittableRandom(seed);
            POOLS.forEach(id -> {
                pools.put(id, new Pool());
                logs.put(id, new ArrayDeque<>());
                running.put(id, new HashMap<>());
            });
            for (int i = 0; i < NODES; i++) {
                String node = "node-" + i;
                tags.put(node, Pool.RESERVE);
                epochs.put(node, 1L);
                boots.put(node, "boot-0");
                connected(node);
            }
        }

        private void connected(String node) {
            logs.get(tags.get(node)).add(new PoolInput.NodeConnected(node, 0, epochs.get(node), false));
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                step();
                check();
            }
            // All is read, and no command comes any more.
            for (int round = 0; round < 100; round++) {
                POOLS.forEach(id -> {
                    while (!logs.get(id).isEmpty()) {
                        read(id);
                    }
                });
                move();
                tags.keySet().forEach(this::report);
                POOLS.forEach(
                        id -> List.copyOf(running.get(id).keySet()).forEach(token -> end(id, token, Cause.ITSELF)));
                check();
            }
            tags.forEach((node, tag) ->
                    POOLS.forEach(id -> assertThat(pools.get(id).admitted(node).isPresent())
                            .as("seed %s: %s of %s is in %s", seed, node, tag, id)
                            .isEqualTo(id.equals(tag))));
            assertThat(moved).as("seed %s: moves", seed).isPositive();
            pools.forEach((id, pool) -> pool.admitted()
                    .forEach(node -> assertThat(pool.departure(node))
                            .as("seed %s: %s in %s", seed, node, id)
                            .isEmpty()));
        }

        private void step() {
            String id = POOLS.get(random.nextInt(POOLS.size()));
            String node = "node-" + random.nextInt(NODES);
            switch (random.nextInt(12)) {
                case 0 -> ask(id);
                case 1 -> logs.get(id).add(new PoolInput.StopMoves());
                case 2 -> submit(id);
                case 3 -> move();
                case 4 -> {
                    epochs.merge(node, 1L, Long::sum);
                    connected(node);
                }
                case 5 -> report(node);
                case 6 -> endOne(id, Cause.ITSELF);
                case 7 -> tagged(node, id);
                default -> read(id);
            }
        }

        /** Asks for nodes of a pool. Named ones are as likely to be of another pool. */
        private void ask(String id) {
            String to = POOLS.get(random.nextInt(POOLS.size()));
            if (!to.equals(id)) {
                List<String> named = random.nextBoolean() ? List.of("node-" + random.nextInt(NODES)) : List.of();
                logs.get(id)
                        .add(new PoolInput.MoveNodes(
                                to,
                                random.nextInt(3),
                                named,
                                Set.of(),
                                Deallocation.values()[random.nextInt(Deallocation.values().length)]));
            }
        }

        private void submit(String id) {
            TaskDefinition task = new TaskDefinition(
                    "task-" + tasks++,
                    0,
                    1,
                    1,
                    Set.of(),
                    Optional.empty(),
                    0,
                    OnNodeLoss.PLACE_AGAIN,
                    Optional.empty());
            logs.get(id).add(new PoolInput.Submit(task, false));
        }

        /** Carries out an order to the devices' partition, which writes to both pools. */
        private void move() {
            DeviceOrder order = device.poll();
            if (order != null && tags.get(order.node()).equals(order.from())) {
                moved++;
                if (random.nextInt(20) == 0) {
                    logs.get(order.from()).add(new PoolInput.MoveRefused(order.node()));
                } else {
                    tag(order.node(), order.to());
                }
            }
        }

        /** Is rarely a user who changes the tag of a node of which nothing runs. */
        private void tagged(String node, String id) {
            boolean isFree = running.values().stream().noneMatch(held -> held.containsValue(node));
            if (random.nextInt(20) == 0 && isFree && !tags.get(node).equals(id)) {
                tag(node, id);
            }
        }

        private void tag(String node, String to) {
            logs.get(tags.get(node)).add(new PoolInput.NodeRemoved(node));
            // The node kills what it runs for a pool that it leaves.
            running.values().forEach(held -> held.values().removeIf(node::equals));
            tags.put(node, to);
            connected(node);
        }

        private void report(String node) {
            String id = tags.get(node);
            Set<Token> holding = new HashSet<>();
            running.get(id).forEach((token, on) -> {
                if (on.equals(node)) {
                    holding.add(token);
                }
            });
            logs.get(id)
                    .add(new PoolInput.NodeReport(node, 0, epochs.get(node), 1, boots.get(node), 2, Set.of(), holding));
        }

        private void endOne(String id, Cause cause) {
            running.get(id).keySet().stream().findFirst().ifPresent(token -> end(id, token, cause));
        }

        private void end(String id, Token token, Cause cause) {
            String node = running.get(id).remove(token);
            if (node != null) {
                logs.get(id).add(new PoolInput.Exited(node, token, cause == Cause.ITSELF ? 0 : 143, cause, ""));
            }
        }

        private void read(String id) {
            PoolInput input = logs.get(id).poll();
            if (input != null) {
                carryOut(id, PoolDecider.decide(pools.get(id), Placement.SPREAD, input, NOW, NOW));
                carryOut(id, PoolDecider.decide(pools.get(id), Placement.SPREAD, new PoolInput.Place(10), NOW, NOW));
            }
        }

        private void carryOut(String id, Decided decided) {
            for (NodeOrder order : decided.orders()) {
                switch (order) {
                    case NodeOrder.Start(String node, Token token) -> {
                        long epoch = pools.get(id).node(node).orElseThrow().epoch();
                        if (tags.get(node).equals(id) && epochs.get(node) == epoch) {
                            running.get(id).put(token, node);
                        } else {
                            logs.get(id).add(new PoolInput.Undelivered(node, token, epoch));
                        }
                    }
                    case NodeOrder.Stop(String _, Token token) -> end(id, token, Cause.STOPPED);
                    case NodeOrder.Kill(String _, Token token) -> end(id, token, Cause.STOPPED);
                    case NodeOrder.MoveTo(String node, String to) -> {
                        assertThat(running.get(id))
                                .as("seed %s: %s is told to go, and is empty", seed, node)
                                .doesNotContainValue(node);
                        device.add(new DeviceOrder(node, id, to));
                    }
                    case NodeOrder.Disconnect(String node, int _, long _) -> {
                        epochs.merge(node, 1L, Long::sum);
                        connected(node);
                    }
                    case NodeOrder.Join _,
                            NodeOrder.Leave _,
                            NodeOrder.Grant _,
                            NodeOrder.Restart _,
                            NodeOrder.Proceed _ -> {
                        // Nothing here depends on it.
                    }
                }
            }
        }

        private void check() {
            for (String node : tags.keySet()) {
                long taking = pools.entrySet().stream()
                        .filter(entry -> !entry.getKey().equals(tags.get(node)))
                        .filter(entry -> entry.getValue().departure(node).isEmpty())
                        .filter(entry -> logs.get(entry.getKey()).stream()
                                .noneMatch(
                                        input -> input instanceof PoolInput.NodeRemoved(String id) && id.equals(node)))
                        .filter(entry ->
                                entry.getValue().node(node).filter(Node::takes).isPresent())
                        .count();
                assertThat(taking)
                        .as("seed %s: pools beside that of its tag in which %s takes tasks", seed, node)
                        .isZero();
            }
        }
    }
}
