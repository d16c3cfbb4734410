package io.muster.planner.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolDecider.Placement;
import io.muster.planner.pool.TaskState.Cause;
import io.muster.planner.pool.TaskState.Member;
import io.muster.service.coordinator.LogTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Simulates a pool, its nodes, their gateway and the network between them, on a clock of its own. Nodes crash and start again, are cut off for shorter and longer than
 * their leases, and are slow; their clocks go by a tenth faster or slower; the planner is killed, and starts again from its kept state; users stop tasks, say anew how the tasks of an
 * owner are placed and how many slots of a node are used, and move nodes to another pool, from which they come back. Invariants hold after each step. {@code -Dseed=N} runs one
 * seed.
 */
class PoolSimulationTest {
    private static final int SEEDS = 60;
    private static final int NODES = 6;
    private static final int SLOTS = 3;
    private static final int TASKS = 60;
    private static final int GROUPS = 3;
    private static final String ELSEWHERE = "elsewhere";
    private static final long CHAOS_MS = Duration.ofMinutes(12).toMillis();
    private static final long END_MS = Duration.ofHours(3).toMillis();
    private static final long REPORT_EVERY = 5_000;

    static Stream<Long> seeds() {
        String one = System.getProperty("seed");
        return one == null ? LongStream.rangeClosed(1, SEEDS).boxed() : Stream.of(Long.valueOf(one));
    }

    static Stream<Long> few() {
        return seeds().limit(12);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void livesOneAttemptAtATimeAndLosesNoExit(long seed) {
        new World(seed, 0).run();
    }

    @ParameterizedTest
    @MethodSource("few")
    void keepsItsPromisesWhileAttemptsWaitOnTheirNodes(long seed) {
        World world = new World(seed, 600);
        world.run();
        assertThat(world.mostUsed).as("slots taken on a node").isGreaterThan(SLOTS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void runsGangsWhoseNodesWaitForEachOther(long seed) {
        World world = new World(seed, 0);
        world.coordinates = true;
        world.run();
        assertThat(world.proceeded)
                .as("seed %s: commands of gangs that ran", seed)
                .isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("few")
    void losesNoNodeByItsOwnAbsence(long seed) {
        World world = new World(seed, 0);
        world.isQuiet = true;
        world.after(60_000, () -> world.kill(20_000));
        world.after(200_000, () -> world.kill(300_000));
        world.run();
        assertThat(world.nodesLost).isZero();
    }

    @ParameterizedTest
    @MethodSource("few")
    void endsNoProgramByAnAbsenceThatIsShorterThanALease(long seed) {
        World world = new World(seed, 0);
        world.isQuiet = true;
        world.after(60_000, () -> world.kill(40_000));
        world.after(200_000, () -> world.kill(40_000));
        world.run();
        assertThat(world.nodesLost).isZero();
        assertThat(world.fenced).isZero();
    }

    private static final class World {
        private final SplittableRandom random;
        private final PriorityQueue<Step> steps = new PriorityQueue<>();
        private final Map<String, SimulatedNode> nodes = new TreeMap<>();
        private final Map<String, TaskDefinition> submitted = new LinkedHashMap<>();
        private final Map<Token, Integer> endedByThemselves = new HashMap<>();
        private final Map<String, Integer> failures = new HashMap<>();
        private final Map<Result, Integer> results = new EnumMap<>(Result.class);
        private final Map<String, PoolEvent.TaskPlaced> placedLast = new HashMap<>();
        /** Holds inputs, and the planner's probes of it. */
        private final Queue<Object> log = new ArrayDeque<>();

        private final int shortTasks;
        private Pool pool = new Pool();
        private LogTime logTime = new LogTime("run-0");
        private int runs;
        private int mostUsed;
        private int nodesLost;
        private int fenced;
        private boolean isQuiet;
        private boolean coordinates;
        private final Map<Token, Set<String>> coordinated = new HashMap<>();
        private final Map<Token, List<String>> members = new HashMap<>();
        private final Set<Token> proceeded = new HashSet<>();
        private final Placement placement;
        private final long seed;
        private long now;
        private long number;
        private long epochs;
        private boolean settled;
        private boolean away;

        private record Step(long at, long number, Runnable action) implements Comparable<Step> {
            @Override
            public int compareTo(Step other) {
                return at == other.at ? Long.compare(number, other.number) : Long.compare(at, other.at);
            }
        }

        private record Probe(String task, long number) {}

        World(long seed, int shortTasks) {
            this.seed = seed;
            this.shortTasks = shortTasks;
            this.random = new SplittableRandom(seed);
            this.placement = random.nextBoolean() ? Placement.SPREAD : Placement.PACK;
            for (int i = 1; i <= NODES; i++) {
                nodes.put("node-" + i, new SimulatedNode("node-" + i, i % 3 == 0));
            }
        }

        void after(long delay, Runnable action) {
            steps.add(new Step(now + delay, number++, action));
        }

        private Instant instant() {
            return Instant.ofEpochMilli(now);
        }

        void run() {
            nodes.values().forEach(node -> after(random.nextInt(3000), node::boot));
            append(configuration());
            for (int i = 0; i < TASKS; i++) {
                TaskDefinition task = task(i);
                submitted.put(task.id(), task);
                long at = random.nextLong(CHAOS_MS);
                after(at, () -> append(new PoolInput.Submit(task, false)));
                if (task.restart().isPresent() || random.nextInt(10) == 0) {
                    after(at + random.nextLong(200_000), () -> append(new PoolInput.Stop(task.id())));
                }
            }
            long burst = CHAOS_MS / 4;
            for (int i = 0; i < shortTasks; i++) {
                TaskDefinition task = new TaskDefinition(
                        "short-" + i,
                        0,
                        1,
                        1,
                        Set.of(),
                        Optional.empty(),
                        1,
                        TaskDefinition.OnNodeLoss.PLACE_AGAIN,
                        Optional.empty());
                submitted.put(task.id(), task);
                after(burst, () -> append(new PoolInput.Submit(task, false)));
                if (random.nextInt(20) == 0) {
                    after(burst + random.nextInt(3000), () -> append(new PoolInput.Stop(task.id())));
                }
            }
            after(0, this::tick);
            after(0, this::chaos);
            after(CHAOS_MS, () -> {
                settled = true;
                nodes.keySet()
                        .forEach(node -> append(new PoolInput.SetScheduling(node, true, Deallocation.TASK_COMPLETION)));
                for (int group = 0; group < GROUPS; group++) {
                    append(new PoolInput.RuleGroup("group-" + group, GroupRule.NONE));
                }
                append(configuration());
                append(new PoolInput.StopMoves());
                submitted.values().stream()
                        .filter(task -> task.restart().isPresent())
                        .forEach(task -> append(new PoolInput.Stop(task.id())));
            });
            while (!steps.isEmpty() && now < END_MS && !isDone()) {
                Step step = steps.remove();
                now = step.at();
                step.action().run();
                check();
            }
            checkEnd();
        }

        /** Returns how the pool is to be used in the end: gangs with a coordination command take nodes of one slot. */
        private PoolInput.Configure configuration() {
            return new PoolInput.Configure(coordinates ? 1 : 0, placement, false, coordinates);
        }

        private TaskDefinition task(int i) {
            int kind = random.nextInt(10);
            boolean isGang = kind == 0 || coordinates && kind > 4;
            boolean pinned = kind == 1;
            boolean isPython = !pinned && random.nextInt(4) == 0;
            return new TaskDefinition(
                    "task-" + i,
                    "group-" + i % GROUPS,
                    random.nextInt(3),
                    coordinates ? 1 : 1 + random.nextInt(2),
                    isGang ? 2 + (coordinates && !isPython ? random.nextInt(3) : 0) : 1,
                    isPython ? Set.of("python") : Set.of(),
                    pinned ? Optional.of("node-" + (1 + random.nextInt(NODES))) : Optional.empty(),
                    random.nextInt(3),
                    random.nextInt(4) == 0 ? TaskDefinition.OnNodeLoss.ABORT : TaskDefinition.OnNodeLoss.PLACE_AGAIN,
                    kind == 2
                            ? Optional.of(new TaskDefinition.Restart(Duration.ofSeconds(10), Duration.ofMinutes(1)))
                            : Optional.empty(),
                    false,
                    coordinates && isGang,
                    random.nextInt(3) == 0 ? Optional.of("node-" + (1 + random.nextInt(NODES))) : Optional.empty());
        }

        private boolean isDone() {
            return settled
                    && log.isEmpty()
                    && pool.tasks().size() == TASKS + shortTasks
                    && pool.tasks().stream().allMatch(task -> task.state() instanceof TaskState.Completed)
                    && nodes.values().stream().allMatch(node -> node.held.isEmpty() && node.connected);
        }

        // The log and the planner.

        private void append(Object input) {
            log.add(input);
            if (!away) {
                after(5 + random.nextInt(50), this::read);
            }
        }

        private void read() {
            switch (away ? null : log.poll()) {
                case null -> {
                    // There is nothing, or nobody who reads it.
                }
                case Probe(String task, long number) -> logTime.read(task, number);
                case PoolInput input -> {
                    decide(input);
                    decide(new PoolInput.Place(50));
                }
                case Object unknown -> throw new IllegalStateException(unknown.toString());
            }
        }

        /** Kills the planner: its state that was not kept is gone, and nobody reads its log for a time. */
        private void kill(long milliseconds) {
            if (away) {
                return;
            }
            away = true;
            after(milliseconds, () -> {
                away = false;
                logTime = new LogTime("run-" + ++runs);
                Map<String, Pool.Admission> admitted = new HashMap<>();
                Map<String, GroupRule> rules = new HashMap<>();
                for (int group = 0; group < GROUPS; group++) {
                    rules.put("group-" + group, pool.rule("group-" + group));
                }
                nodes.keySet().forEach(id -> pool.admitted(id).ifPresent(at -> admitted.put(id, at)));
                pool = Pool.restored(
                        admitted,
                        pool.nodes().stream()
                                .map(node -> node.with(-node.used()).ahead(0).heard(Instant.EPOCH))
                                .toList(),
                        pool.tasks(),
                        rules,
                        pool.nextNumber(),
                        pool.nextPlacement(),
                        pool.configured());
                while (!log.isEmpty()) {
                    read();
                }
            });
        }

        private Instant logInstant() {
            return Instant.ofEpochSecond(logTime.seconds());
        }

        private void decide(PoolInput input) {
            Decided decided = PoolDecider.decide(pool, placement, input, instant(), logInstant());
            for (PoolEvent event : decided.events()) {
                trace(event);
                if (event instanceof PoolEvent.TaskPlaced placed) {
                    checkPlaced(placed);
                }
                if (event instanceof PoolEvent.NodeLost) {
                    nodesLost++;
                }
                if (event instanceof PoolEvent.TaskCompleted completed) {
                    results.merge(completed.outcome().result(), 1, Integer::sum);
                }
            }
            for (NodeOrder order : decided.orders()) {
                if (order instanceof NodeOrder.MoveTo(String node, String _)) {
                    after(latency(), nodes.get(node)::visit);
                    continue;
                }
                // Its epoch is that of the moment; all orders of a partition keep their order.
                deliveries.add(new Delivery(order, epoch(order)));
                after(5 + random.nextInt(40), this::deliver);
            }
        }

        private long epoch(NodeOrder order) {
            return switch (order) {
                case NodeOrder.Join join -> join.epoch();
                case NodeOrder.Leave leave -> leave.epoch();
                default -> pool.node(order.node()).orElseThrow().epoch();
            };
        }

        /** Prints what happens, where {@code -Dtrace=TEXT} stands in it. */
        private void trace(Object what) {
            String wanted = System.getProperty("trace");
            if (wanted != null && what.toString().contains(wanted)) {
                System.out.println(now + " " + what);
            }
        }

        private void tick() {
            if (!away) {
                logTime.due(instant()).ifPresent(number -> append(new Probe(logTime.task(), number)));
                PoolDecider.silent(pool, logInstant(), NODES).forEach(id -> decide(new PoolInput.NodeSilent(id)));
                pool.tasks().stream()
                        .filter(task -> task.state() instanceof TaskState.BackingOff)
                        .map(task -> task.definition().id())
                        .toList()
                        .forEach(id -> decide(new PoolInput.Due(id)));
                do {
                    decide(new PoolInput.Place(50));
                } while (pool.hasPlaceable());
                checkThatAllIsPlacedThatCanBe();
            }
            after(1000, this::tick);
        }

        /** Checks that no task is queued for which there is room, by the nodes themselves and by no index of the pool. */
        private void checkThatAllIsPlacedThatCanBe() {
            Map<String, Long> placed = pool.tasks().stream()
                    .filter(task -> task.state() instanceof TaskState.Active)
                    .collect(Collectors.groupingBy(task -> task.definition().group(), Collectors.counting()));
            for (Pool.Task task : pool.tasks()) {
                TaskDefinition definition = task.definition();
                if (task.state() instanceof TaskState.Queued
                        && pool.suits(definition)
                        && pool.rule(definition.group())
                                .allows(placed.getOrDefault(definition.group(), 0L)
                                        .intValue())) {
                    long fitting = pool.nodes().stream()
                            .filter(node -> node.takes() && node.slots() - node.used() >= definition.slots())
                            .filter(node -> node.capabilities().containsAll(definition.requires()))
                            .filter(node ->
                                    definition.pinnedTo().map(node.id()::equals).orElse(true))
                            .count();
                    assertThat(fitting)
                            .as("seed %s, %s ms: nodes with room for %s", seed, now, task)
                            .isLessThan(definition.nodes());
                }
            }
        }

        // The gateway.

        private record Delivery(NodeOrder order, long epoch) {}

        private final Queue<Delivery> deliveries = new ArrayDeque<>();

        private void deliver() {
            Delivery delivery = deliveries.remove();
            SimulatedNode node = nodes.get(delivery.order().node());
            if (node.gatewayEpoch != delivery.epoch()) {
                if (delivery.order() instanceof NodeOrder.Start(String id, Token token)) {
                    append(new PoolInput.Undelivered(id, token, delivery.epoch()));
                }
            } else if (delivery.order() instanceof NodeOrder.Disconnect) {
                node.gatewayEpoch = -1;
                node.toNode.send(() -> node.closed(delivery.epoch()));
            } else {
                node.toNode.send(() -> node.received(delivery.epoch(), delivery.order()));
            }
        }

        private long latency() {
            return 1 + random.nextInt(random.nextInt(20) == 0 ? 2000 : 30);
        }

        // Trouble.

        private void chaos() {
            if (settled) {
                nodes.values().forEach(node -> node.cutUntil = now);
                nodes.values().forEach(node -> node.drain(false));
                away = false;
                while (!log.isEmpty()) {
                    read();
                }
                return;
            }
            if (isQuiet) {
                after(1000, this::chaos);
                return;
            }
            SimulatedNode node = nodes.get("node-" + (1 + random.nextInt(NODES)));
            switch (random.nextInt(10)) {
                case 7 -> append(new PoolInput.RuleGroup("group-" + random.nextInt(GROUPS), rule()));
                case 8 ->
                    append(new PoolInput.Configure(random.nextInt(SLOTS + 1), placement, false, random.nextBoolean()));
                case 9 ->
                    append(new PoolInput.MoveNodes(ELSEWHERE, random.nextInt(3), List.of(), Set.of(), deallocation()));
                case 5 -> append(new PoolInput.RestartNode(node.id, deallocation()));
                case 0 -> node.crash(500 + random.nextInt(60_000));
                case 1 -> node.cutUntil = now + 500 + random.nextInt(10_000);
                case 2 -> node.cutUntil = now + 10_000 + random.nextInt(140_000);
                case 3 -> kill(random.nextInt(80_000));
                case 4 -> node.drain(random.nextInt(3) == 0);
                default -> append(new PoolInput.SetScheduling(node.id, random.nextInt(3) > 0, deallocation()));
            }
            after(1000 + random.nextInt(15_000), this::chaos);
        }

        private GroupRule rule() {
            GroupRule.Suspension suspension =
                    GroupRule.Suspension.values()[random.nextInt(GroupRule.Suspension.values().length)];
            return new GroupRule(
                    random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(random.nextInt(5)),
                    random.nextInt(3) == 0 ? -1 : 1 + random.nextInt(4),
                    random.nextInt(3) == 0 ? suspension : GroupRule.Suspension.NONE,
                    now);
        }

        private Deallocation deallocation() {
            return Deallocation.values()[random.nextInt(Deallocation.values().length)];
        }

        // Invariants.

        private void check() {
            Map<String, Set<Token>> living = new HashMap<>();
            for (SimulatedNode node : nodes.values()) {
                for (Map.Entry<Token, SimulatedNode.Held> held : node.held.entrySet()) {
                    if (held.getValue().alive) {
                        living.computeIfAbsent(held.getKey().taskId(), _ -> new HashSet<>())
                                .add(held.getKey());
                    }
                }
            }
            living.forEach((task, tokens) -> assertThat(tokens)
                    .as("seed %s, %s ms: living attempts of %s", seed, now, task)
                    .hasSize(1));
            Map<String, Integer> used = new HashMap<>();
            for (Pool.Task task : pool.tasks()) {
                if (task.state() instanceof TaskState.Active active) {
                    active.members().forEach((node, member) -> {
                        if (!(member instanceof Member.Over)) {
                            used.merge(node, task.definition().slots(), Integer::sum);
                        }
                    });
                }
            }
            for (Node node : pool.nodes()) {
                assertThat(node.used())
                        .as("seed %s, %s ms: slots of %s", seed, now, node.id())
                        .isEqualTo(used.getOrDefault(node.id(), 0))
                        .isLessThanOrEqualTo(SLOTS * (1 + Pace.MOST_AHEAD_OF_A_SLOT));
                mostUsed = Math.max(mostUsed, node.used());
            }
            nodes.values()
                    .forEach(node -> assertThat(node.usedSlots())
                            .as("seed %s, %s ms: slots of programs on %s", seed, now, node.id)
                            .isLessThanOrEqualTo(SLOTS));
        }

        /** Checks that no attempt is placed again under the same numbers: each placing is an event that readers tell by them. */
        private void checkPlaced(PoolEvent.TaskPlaced placed) {
            members.put(
                    placed.token(),
                    placed.members().stream().map(PoolEvent.Place::node).toList());
            String id = placed.token().taskId();
            PoolEvent.TaskPlaced before = placedLast.put(id, placed);
            if (before != null) {
                assertThat(placed.attempt())
                        .as("seed %s, %s ms: %s", seed, now, id)
                        .isNotEqualTo(before.attempt());
            }
        }

        private void checkEnd() {
            assertThat(pool.tasks()).as("seed %s: tasks", seed).hasSize(TASKS + shortTasks);
            Set<String> open = pool.tasks().stream()
                    .filter(task -> !(task.state() instanceof TaskState.Completed))
                    .map(Object::toString)
                    .collect(Collectors.toSet());
            assertThat(open).as("seed %s: tasks that never end", seed).isEmpty();
            assertThat(results.values().stream().mapToInt(Integer::intValue).sum())
                    .as("seed %s: each task ends once", seed)
                    .isEqualTo(TASKS + shortTasks);
            for (Pool.Task task : pool.tasks()) {
                TaskState.Completed completed = (TaskState.Completed) task.state();
                String id = task.definition().id();
                long goodEnds = endedByThemselves.entrySet().stream()
                        .filter(end -> end.getKey().taskId().equals(id) && end.getValue() == 0)
                        .count();
                String what = "seed " + seed + ": " + task;
                switch (completed.outcome().result()) {
                    case SUCCEEDED -> assertThat(goodEnds).as(what).isPositive();
                    case FAILED ->
                        assertThat(failures.getOrDefault(id, 0))
                                .as(what)
                                .isGreaterThanOrEqualTo(task.definition().most() + 1);
                    case ABORTED ->
                        assertThat(task.definition().onNodeLoss() == TaskDefinition.OnNodeLoss.ABORT
                                        || completed.attempt().recoveries() >= PoolDecider.MOST_RECOVERIES)
                                .as(what)
                                .isTrue();
                    case STOPPED, TIMED_OUT, IDLE -> {
                        // Users and limits may always.
                    }
                }
            }
        }

        /** Carries messages in one direction between a node and its gateway: in order, and they wait while the node is cut off. */
        private final class Line {
            private final SimulatedNode node;
            private final Queue<Runnable> sent = new ArrayDeque<>();

            Line(SimulatedNode node) {
                this.node = node;
            }

            void send(Runnable arrival) {
                sent.add(arrival);
                after(latency(), this::arrive);
            }

            private void arrive() {
                if (node.isCut()) {
                    after(node.cutUntil - now + 1, this::arrive);
                } else {
                    sent.remove().run();
                }
            }
        }

        /** Simulates a node's program, its journal, and the programs that it runs. */
        private final class SimulatedNode {
            private static final class Held {
                private final boolean primary;
                private final int slots;
                private boolean waiting = true;
                private boolean alive;
                private boolean coordinated;
                private PoolInput.Exited exit;

                Held(boolean primary, int slots) {
                    this.primary = primary;
                    this.slots = slots;
                }
            }

            private final String id;
            private final boolean python;
            private final Line toNode = new Line(this);
            private final Line fromNode = new Line(this);
            private final Set<Token> begun = new HashSet<>();
            private final Map<Token, Held> held = new LinkedHashMap<>();
            private String boot = "";
            private boolean up;
            private boolean connected;
            private long epoch = -1;
            private long gatewayEpoch = -1;
            private boolean joined;
            private long reports;
            private final Map<Long, Long> sentAt = new HashMap<>();
            private long leaseFrom = -2 * PoolDecider.LEASE.toMillis();
            /** Is how fast its clock goes. */
            private final double rate = 0.9 + random.nextDouble(0.2);

            private long cutUntil;
            private boolean drained;
            private boolean away;

            SimulatedNode(String id, boolean python) {
                this.id = id;
                this.python = python;
            }

            void drain(boolean is) {
                drained = is;
                if (connected && !away) {
                    append(new PoolInput.NodeConnected(id, 0, epoch, is));
                }
            }

            private boolean isCut() {
                return now < cutUntil;
            }

            void boot() {
                up = true;
                boot = "boot-" + random.nextInt(1_000_000);
                held.forEach((token, part) -> {
                    if (part.exit == null) {
                        assertThat(part.alive)
                                .as("programs of before a crash are dead by the next start")
                                .isFalse();
                        part.waiting = false;
                        part.exit = new PoolInput.Exited(id, token, -1, Cause.FENCED, "");
                    }
                });
                connect();
                every(REPORT_EVERY, boot, this::report);
                every(1000, boot, this::lease);
                every(2000, boot, () -> held.forEach(this::sayAgain));
            }

            private void every(long period, String run, Runnable action) {
                after(period, () -> {
                    if (up && boot.equals(run)) {
                        action.run();
                        every(period, run, action);
                    }
                });
            }

            void crash(long downFor) {
                if (up) {
                    up = false;
                    connected = false;
                    long was = epoch;
                    after(latency() * 20, () -> dropped(was));
                    // The watchdog kills what the node's program left.
                    long dead = random.nextInt(2000);
                    after(dead, () -> held.values().forEach(part -> part.alive = false));
                    after(Math.max(downFor, dead + 1), this::boot);
                }
            }

            private void dropped(long was) {
                if (gatewayEpoch == was) {
                    gatewayEpoch = -1;
                }
            }

            void closed(long was) {
                if (up && connected && epoch == was) {
                    connected = false;
                    forgetWaiting();
                    after(100, this::connect);
                }
            }

            private void connect() {
                if (!up || connected) {
                    return;
                }
                if (isCut()) {
                    after(2000, this::connect);
                    return;
                }
                connected = true;
                joined = false;
                epoch = ++epochs;
                gatewayEpoch = epoch;
                long over = epoch;
                // Its device's partition says so, which is another log.
                after(latency(), () -> {
                    if (!away) {
                        append(new PoolInput.NodeConnected(id, 0, over, drained));
                    }
                });
            }

            /** Goes to another pool for a time, as its device's partition says. */
            void visit() {
                if (!away) {
                    away = true;
                    append(new PoolInput.NodeRemoved(id));
                    after(1000 + random.nextInt(60_000), () -> {
                        away = false;
                        if (connected) {
                            append(new PoolInput.NodeConnected(id, 0, epoch, drained));
                        }
                    });
                }
            }

            private void joined() {
                joined = true;
                held.forEach(this::sayAgain);
                report();
            }

            private void sayAgain(Token token, Held part) {
                if (part.coordinated && part.alive) {
                    send(new PoolInput.Coordinated(id, token), () -> {});
                }
                send(part.exit);
            }

            private void report() {
                if (connected && joined) {
                    reports++;
                    sentAt.put(reports, now);
                    send(
                            new PoolInput.NodeReport(
                                    id, 0, epoch, reports, boot, SLOTS, capabilities(), Set.copyOf(held.keySet())),
                            () -> {});
                }
            }

            private Set<String> capabilities() {
                return python ? Set.of("bash", "python") : Set.of("bash");
            }

            private void send(PoolInput input) {
                if (input instanceof PoolInput.Exited exited) {
                    send(exited, () -> held.remove(exited.token()));
                }
            }

            private void send(PoolInput input, Runnable acknowledged) {
                long over = epoch;
                String run = boot;
                if (!connected || !joined) {
                    return;
                }
                fromNode.send(() -> {
                    if (gatewayEpoch == over) {
                        append(input);
                        toNode.send(() -> {
                            if (up && boot.equals(run) && connected && epoch == over) {
                                acknowledged.run();
                            }
                        });
                    }
                });
            }

            private void lease() {
                if (!holdsLease() && (joined || !held.isEmpty())) {
                    forgetWaiting();
                    held.forEach((token, part) -> {
                        if (part.alive) {
                            end(token, part, -1, Cause.FENCED);
                        }
                    });
                    if (connected) {
                        connected = false;
                        long was = epoch;
                        after(isCut() ? 20_000 : latency(), () -> dropped(was));
                        connect();
                    }
                }
            }

            private boolean holdsLease() {
                return (now - leaseFrom) * rate < PoolDecider.LEASE.toMillis();
            }

            private void forgetWaiting() {
                held.values().removeIf(part -> part.waiting);
            }

            private int usedSlots() {
                return held.values().stream()
                        .filter(part -> part.alive)
                        .mapToInt(part -> part.slots)
                        .sum();
            }

            private void end(Token token, Held part, int code, Cause cause) {
                trace(id + " ends " + token + " " + cause + " " + code);
                if (cause == Cause.FENCED) {
                    fenced++;
                }
                part.alive = false;
                part.waiting = false;
                part.exit = new PoolInput.Exited(id, token, code, cause, "");
                if (cause == Cause.ITSELF) {
                    if (part.primary) {
                        endedByThemselves.put(token, code);
                    }
                    if (code != 0) {
                        failures.merge(token.taskId(), 1, Integer::sum);
                    }
                }
                send(part.exit);
                launch();
            }

            void received(long over, NodeOrder order) {
                trace(id + " receives over " + over + " " + order + " up=" + up + " connected=" + connected + " "
                        + epoch);
                if (!up || !connected || epoch != over) {
                    return;
                }
                switch (order) {
                    case NodeOrder.Start(String _, Token token) -> {
                        if (!held.containsKey(token) && !begun.contains(token)) {
                            start(token);
                        }
                    }
                    case NodeOrder.Proceed(String _, Token token) -> proceed(token);
                    case NodeOrder.Stop(String _, Token token) -> {
                        Held part = held.get(token);
                        if (part != null && part.waiting) {
                            end(token, part, 127, Cause.RETURNED);
                        } else if (part != null && part.alive) {
                            String run = boot;
                            after(random.nextInt(5000), () -> {
                                if (part.alive && up && boot.equals(run)) {
                                    end(token, part, 143, Cause.STOPPED);
                                }
                            });
                        }
                    }
                    case NodeOrder.Kill(String _, Token token) -> {
                        Held part = held.get(token);
                        if (part != null && (part.waiting || part.alive)) {
                            end(token, part, 137, Cause.STOPPED);
                        }
                    }
                    case NodeOrder.Join _ -> joined();
                    case NodeOrder.Leave _ -> joined = false;
                    case NodeOrder.Grant(String _, long number) -> {
                        leaseFrom = Math.max(leaseFrom, sentAt.getOrDefault(number, leaseFrom));
                        launch();
                    }
                    case NodeOrder.Disconnect _ -> throw new AssertionError("it is the gateway's");
                    case NodeOrder.MoveTo _ -> throw new AssertionError("it is the device's partition's");
                    case NodeOrder.Restart(String _, String run) -> {
                        if (boot.equals(run)) {
                            crash(1000);
                        }
                    }
                }
            }

            private void start(Token token) {
                TaskDefinition task = submitted.get(token.taskId());
                boolean primary = !(pool.task(token.taskId()).orElseThrow().state() instanceof TaskState.Active active)
                        || active.isPrimary(id);
                Held part = new Held(primary, task.slots());
                held.put(token, part);
                assertThat(capabilities()).containsAll(task.requires());
                launch();
                String run = boot;
                after(2000, () -> {
                    if (part.waiting && held.get(token) == part && up && boot.equals(run) && holdsLease()) {
                        end(token, part, 127, Cause.RETURNED);
                    }
                });
            }

            /** Starts what waits, in its order, as far as slots are free. */
            private void launch() {
                for (Map.Entry<Token, Held> each : List.copyOf(held.entrySet())) {
                    Held part = each.getValue();
                    if (part.waiting) {
                        if (!holdsLease() || part.slots > SLOTS - usedSlots()) {
                            return;
                        }
                        part.waiting = false;
                        part.alive = true;
                        begun.add(each.getKey());
                        run(each.getKey(), part);
                    }
                }
            }

            private void run(Token token, Held part) {
                send(new PoolInput.Started(id, token), () -> {});
                if (submitted.get(token.taskId()).coordinated()) {
                    coordinate(token, part);
                } else {
                    live(token, part);
                }
            }

            private void coordinate(Token token, Held part) {
                String run = boot;
                int code = random.nextInt(10) == 0 ? 3 : 0;
                after(random.nextInt(5000), () -> {
                    if (part.alive && up && boot.equals(run)) {
                        if (code == 0) {
                            part.coordinated = true;
                            coordinated
                                    .computeIfAbsent(token, _ -> new HashSet<>())
                                    .add(id);
                            sayAgain(token, part);
                        } else {
                            end(token, part, code, Cause.ITSELF);
                        }
                    }
                });
            }

            private void proceed(Token token) {
                Held part = held.get(token);
                if (part != null && part.alive && part.coordinated && !proceeded.contains(token)) {
                    proceeded.add(token);
                    assertThat(members.get(token).getFirst())
                            .as("seed %s, %s ms: the primary of %s", seed, now, token)
                            .isEqualTo(id);
                    assertThat(coordinated.get(token))
                            .as("seed %s, %s ms: nodes of %s that have coordinated", seed, now, token)
                            .containsExactlyInAnyOrderElementsOf(members.get(token));
                    live(token, part);
                }
            }

            private void live(Token token, Held part) {
                String run = boot;
                if (submitted.get(token.taskId()).restart().isPresent() && random.nextBoolean()) {
                    return; // It runs until it is stopped.
                }
                long life = token.taskId().startsWith("short")
                        ? 5 + random.nextInt(50)
                        : 100 + random.nextLong(random.nextInt(5) == 0 ? 120_000 : 8000);
                int code = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 0;
                after(life, () -> {
                    if (part.alive && up && boot.equals(run)) {
                        end(token, part, code, Cause.ITSELF);
                    }
                });
            }
        }
    }
}
