package io.muster.planner.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.pool.PoolDecider.Decided;
import io.muster.planner.pool.PoolDecider.Placement;
import io.muster.planner.pool.TaskDefinition.OnNodeLoss;
import io.muster.planner.pool.TaskState.Active;
import io.muster.planner.pool.TaskState.Cause;
import io.muster.planner.pool.TaskState.Ending;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Compares the states of a task in docs/nodes.md with those of the decider, which is asked everything in every state, for each kind of task. Recorded with {@code
 * -Dwork.record=true}.
 */
class PoolPageTest {
    private static final Path PAGE = Path.of("../docs/nodes.md");
    private static final String BEGIN = "<!-- drawn by PoolPageTest -->\n";
    private static final String END = "<!-- end of drawing -->\n";
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final Duration LOST = PoolDecider.LEASE.plus(PoolDecider.GRACE);
    private static final String NODE = "a";
    private static final String TASK = "t";
    private static final Token TOKEN = new Token(TASK, 0);

    private static final Map<String, TaskDefinition> KINDS = kinds();
    private static final Map<String, List<PoolInput>> STATES = states();
    private static final Map<String, PoolInput> INPUTS = inputs();

    private static TaskDefinition task(int most, OnNodeLoss onNodeLoss, Optional<TaskDefinition.Restart> restart) {
        return new TaskDefinition(TASK, 0, 1, 1, Set.of(), Optional.empty(), most, onNodeLoss, restart);
    }

    private static Map<String, TaskDefinition> kinds() {
        Map<String, TaskDefinition> kinds = new LinkedHashMap<>();
        kinds.put("plain", task(0, OnNodeLoss.PLACE_AGAIN, Optional.empty()));
        kinds.put("with retries", task(1, OnNodeLoss.PLACE_AGAIN, Optional.empty()));
        kinds.put("once", task(0, OnNodeLoss.ABORT, Optional.empty()));
        kinds.put(
                "continuous",
                task(
                        0,
                        OnNodeLoss.PLACE_AGAIN,
                        Optional.of(new TaskDefinition.Restart(Duration.ofSeconds(60), Duration.ofMinutes(2)))));
        return kinds;
    }

    private static PoolInput exited(int code, Cause cause) {
        return new PoolInput.Exited(NODE, TOKEN, code, cause, "");
    }

    private static PoolInput report(String boot, Token... holding) {
        return new PoolInput.NodeReport(NODE, 7, 1, 9, boot, 2, Set.of(), Set.of(holding));
    }

    /** Returns what leads to each state of a task, from a pool with one node. */
    private static Map<String, List<PoolInput>> states() {
        PoolInput submit = new PoolInput.Submit(KINDS.get("plain"), false);
        PoolInput place = new PoolInput.Place(1);
        PoolInput started = new PoolInput.Started(NODE, TOKEN);
        PoolInput stop = new PoolInput.Stop(TASK);
        Map<String, List<PoolInput>> states = new LinkedHashMap<>();
        states.put("[*]", List.of());
        states.put("Queued", List.of(submit));
        states.put("Ordered", List.of(submit, place));
        states.put("Running", List.of(submit, place, started));
        states.put("OrderedStopping", List.of(submit, place, stop));
        states.put("RunningStopping", List.of(submit, place, started, stop));
        states.put("BackingOff", List.of(submit, place, started, exited(1, Cause.ITSELF)));
        states.put("Completed", List.of(submit, stop));
        return states;
    }

    private static Map<String, PoolInput> inputs() {
        Map<String, PoolInput> inputs = new LinkedHashMap<>();
        inputs.put("Submit", new PoolInput.Submit(KINDS.get("plain"), false));
        inputs.put("Place", new PoolInput.Place(1));
        inputs.put("Due", new PoolInput.Due(TASK));
        inputs.put("Stop", new PoolInput.Stop(TASK));
        inputs.put("Forget", new PoolInput.Forget(TASK));
        inputs.put("Started", new PoolInput.Started(NODE, TOKEN));
        inputs.put("Undelivered", new PoolInput.Undelivered(NODE, TOKEN, 1));
        inputs.put("Exited, 0", exited(0, Cause.ITSELF));
        inputs.put("Exited, 1", exited(1, Cause.ITSELF));
        for (Cause cause :
                List.of(Cause.WALL_CLOCK, Cause.IDLE, Cause.STOPPED, Cause.FENCED, Cause.NOT_STARTED, Cause.RETURNED)) {
            inputs.put("Exited, " + cause, exited(137, cause));
        }
        inputs.put("NodeReport without it", report("boot"));
        inputs.put("NodeReport with it", report("boot", TOKEN));
        inputs.put("NodeReport of another run", report("boot 2"));
        inputs.put("NodeSilent", new PoolInput.NodeSilent(NODE));
        inputs.put("NodeConnected, drained", new PoolInput.NodeConnected(NODE, 7, 1, true));
        inputs.put("NodeRemoved", new PoolInput.NodeRemoved(NODE));
        for (Deallocation tasks : List.of(Deallocation.REQUEUE, Deallocation.TERMINATE)) {
            inputs.put("SetScheduling, off, " + tasks, new PoolInput.SetScheduling(NODE, false, tasks));
        }
        return inputs;
    }

    /** Puts a task of another kind in the place of the plain one. */
    private static PoolInput of(PoolInput input, TaskDefinition kind) {
        return input instanceof PoolInput.Submit ? new PoolInput.Submit(kind, false) : input;
    }

    private static Decided decide(Pool pool, PoolInput input) {
        // The node was heard at first: later its lease is over, and a pause.
        Instant logTime = input instanceof PoolInput.NodeSilent ? NOW.plus(LOST) : NOW;
        Instant now = input instanceof PoolInput.Due ? NOW.plus(Duration.ofHours(1)) : NOW;
        return PoolDecider.decide(pool, Placement.SPREAD, input, now, logTime);
    }

    private static Pool pool(List<PoolInput> before, TaskDefinition kind) {
        Pool pool = new Pool();
        decide(pool, new PoolInput.NodeConnected(NODE, 7, 1, false));
        decide(pool, report("boot"));
        before.forEach(input -> decide(pool, of(input, kind)));
        return pool;
    }

    private static String state(Pool pool) {
        return pool.task(TASK)
                .map(task -> switch (task.state()) {
                    case TaskState.Queued _ -> "Queued";
                    case TaskState.BackingOff _ -> "BackingOff";
                    case TaskState.Completed _ -> "Completed";
                    case Active active ->
                        name(active.member(NODE).orElseThrow()) + (active.stopping() ? "Stopping" : "");
                })
                .orElse("[*]");
    }

    private static String name(Object value) {
        return value.getClass().getSimpleName();
    }

    private static String event(PoolEvent event) {
        return switch (event) {
            case PoolEvent.TaskCompleted completed ->
                "TaskCompleted " + completed.outcome().result();
            case PoolEvent.AttemptOver over ->
                "AttemptOver" + (over.ending() instanceof Ending.Exited ? "" : " " + name(over.ending()));
            default -> name(event);
        };
    }

    private static boolean isOfTask(PoolEvent event) {
        return name(event).startsWith("Task") || name(event).startsWith("Attempt");
    }

    private static boolean isOfTask(NodeOrder order) {
        return order instanceof NodeOrder.Start || order instanceof NodeOrder.Stop || order instanceof NodeOrder.Kill;
    }

    private static String drawing() {
        Set<String> arrows = new TreeSet<>();
        Map<String, List<String>> rows = new TreeMap<>();
        KINDS.forEach((kindName, kind) -> STATES.forEach((state, before) -> INPUTS.forEach((inputName, input) -> {
            Pool pool = pool(before, kind);
            if (!state(pool).equals(state)) {
                return; // This kind of task has no such state.
            }
            Decided decided = decide(pool, of(input, kind));
            List<PoolEvent> events =
                    decided.events().stream().filter(PoolPageTest::isOfTask).toList();
            List<NodeOrder> orders =
                    decided.orders().stream().filter(PoolPageTest::isOfTask).toList();
            if (events.isEmpty() && orders.isEmpty()) {
                return;
            }
            String then = state(pool);
            if (!then.equals(state)) {
                arrows.add("  %s --> %s: %s%n".formatted(state, then, name(events.getLast())));
            }
            rows.computeIfAbsent(
                            "| %s | %s | %s | %s | %s |"
                                    .formatted(
                                            state,
                                            inputName,
                                            events.stream()
                                                    .map(PoolPageTest::event)
                                                    .collect(Collectors.joining(", ")),
                                            orders.stream()
                                                    .map(PoolPageTest::name)
                                                    .collect(Collectors.joining(", ")),
                                            then),
                            _ -> new ArrayList<>())
                    .add(kindName);
        })));
        StringBuilder drawing = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        arrows.forEach(drawing::append);
        drawing.append("```\n\n| task is | input | events | orders | task then | tasks |\n|---|---|---|---|---|---|\n");
        Map<String, Long> ofState = KINDS.values().stream()
                .flatMap(kind -> STATES.entrySet().stream()
                        .filter(state -> state(pool(state.getValue(), kind)).equals(state.getKey()))
                        .map(Map.Entry::getKey))
                .collect(Collectors.groupingBy(state -> state, Collectors.counting()));
        rows.forEach((row, kinds) -> drawing.append("%s %s |%n"
                .formatted(
                        row,
                        kinds.size() == ofState.get(row.substring(2, row.indexOf(" |", 2)))
                                ? "all"
                                : String.join(", ", kinds))));
        return drawing.toString();
    }

    @Test
    void showsTheDecider() throws IOException {
        String page = Files.readString(PAGE);
        String before = page.substring(0, page.indexOf(BEGIN) + BEGIN.length());
        String after = page.substring(page.indexOf(END));
        String drawing = drawing();
        if (Boolean.getBoolean("work.record")) {
            Files.writeString(PAGE, before + drawing + after);
        }
        assertThat(Files.readString(PAGE)).isEqualTo(before + drawing + after);
    }
}
