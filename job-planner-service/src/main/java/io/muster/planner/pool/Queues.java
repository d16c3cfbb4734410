package io.muster.planner.pool;

import io.muster.planner.pool.Pool.Task;
import io.muster.planner.pool.TaskDefinition.Shape;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Holds the queued tasks of a pool by kind: those of one kind can run on the same nodes, so that the first of them speaks for all. A round asks about kinds in
 * the order of their first tasks. One that finds no room is passed, and is asked about again when there is room that it might take: one that is pinned to a
 * node when that node has some, others when any has. So a placing costs by what changed, and never more than its budget.
 *
 * <p>The tasks of a kind wait in a line a group, whose first one stands for it as long as its rule lets another one be placed. A rule that changes costs by the kinds
 * of its group, and not by its tasks. For one thread.
 */
final class Queues {
    /** Orders the tasks of a group. */
    private static final Comparator<Task> ORDER = Comparator.comparingInt(
                    (Task task) -> task.definition().priority())
            .reversed()
            .thenComparingLong(Task::number);

    /** Is a task that stands for its group. @param priority that it has there */
    private record Head(int priority, Task task) {
        private static final Comparator<Head> ORDER = Comparator.comparingInt(Head::priority)
                .reversed()
                .thenComparingLong(head -> head.task().number());
    }

    /** Holds the tasks of a kind. */
    private static final class Line {
        private final Map<String, TreeSet<Task>> byGroup = new HashMap<>();
        private final Map<String, Head> standing = new HashMap<>();
        private final TreeSet<Head> heads = new TreeSet<>(Head.ORDER);
    }

    private static final int FEW = PoolDecider.MOST_ASKED;

    private final Groups groups;
    private final Map<Shape, Line> byKind = new HashMap<>();
    private final Map<String, Set<Shape>> kindsOf = new HashMap<>();
    private final Map<String, Set<Shape>> pinned = new HashMap<>();
    private final Set<Shape> anywhere = new HashSet<>();

    /** Holds the first task of each kind about which the round has yet to ask. */
    private final TreeSet<Head> round = new TreeSet<>(Head.ORDER);

    private final Map<Shape, Head> inRound = new HashMap<>();
    /** Holds the kinds that found no room in this round, so that they don't keep it from coming to others. */
    private final Set<Shape> passed = new HashSet<>();

    private final Set<Shape> nextRound = new HashSet<>();
    private boolean room;
    private long asks;

    /** @param groups whose rules say which tasks may be placed: {@link #changed} follows each change of them */
    Queues(Groups groups) {
        this.groups = groups;
    }

    /** Returns whether there are kinds that may find room. */
    boolean areToBeAsked() {
        return !round.isEmpty() || !nextRound.isEmpty() || room && !anywhere.isEmpty();
    }

    void add(Task task) {
        Shape kind = task.definition().shape();
        String group = task.definition().group();
        Line line = byKind.computeIfAbsent(kind, this::lineOf);
        line.byGroup.computeIfAbsent(group, _ -> new TreeSet<>(ORDER)).add(task);
        kindsOf.computeIfAbsent(group, _ -> new HashSet<>()).add(kind);
        boolean stood = !line.heads.isEmpty();
        stand(line, group);
        if (!stood || inRound.containsKey(kind)) {
            ask(kind);
        }
    }

    private Line lineOf(Shape kind) {
        kind.pinnedTo()
                .ifPresentOrElse(
                        node -> pinned.computeIfAbsent(node, _ -> new HashSet<>())
                                .add(kind),
                        () -> anywhere.add(kind));
        return new Line();
    }

    void remove(Task task) {
        Shape kind = task.definition().shape();
        String group = task.definition().group();
        Line line = byKind.getOrDefault(kind, new Line());
        TreeSet<Task> tasks = line.byGroup.getOrDefault(group, new TreeSet<>(ORDER));
        tasks.remove(task);
        if (tasks.isEmpty()) {
            line.byGroup.remove(group);
            forget(kindsOf, group, kind);
        }
        stand(line, group);
        boolean asked = inRound.containsKey(kind);
        drop(kind);
        if (!line.byGroup.isEmpty()) {
            if (asked) {
                ask(kind);
            }
            return;
        }
        byKind.remove(kind);
        anywhere.remove(kind);
        passed.remove(kind);
        nextRound.remove(kind);
        kind.pinnedTo().ifPresent(node -> forget(pinned, node, kind));
    }

    private static void forget(Map<String, Set<Shape>> kinds, String key, Shape kind) {
        Set<Shape> known = kinds.getOrDefault(key, new HashSet<>());
        known.remove(kind);
        if (known.isEmpty()) {
            kinds.remove(key);
        }
    }

    /** Has the first task of a group stand for it, if one may be placed. */
    private void stand(Line line, String group) {
        @Nullable Head before = line.standing.remove(group);
        if (before != null) {
            line.heads.remove(before);
        }
        @Nullable TreeSet<Task> tasks = line.byGroup.get(group);
        if (tasks != null && groups.isOpen(group)) {
            Task first = tasks.first();
            int own = first.definition().priority();
            Head head = new Head(groups.rule(group).priority().orElse(own), first);
            line.standing.put(group, head);
            line.heads.add(head);
        }
    }

    /** Notes that a group has another rule, or that other tasks of it are placed: more of it may be placed than before, or fewer, or sooner. */
    void changed(String group) {
        for (Shape kind : List.copyOf(kindsOf.getOrDefault(group, Set.of()))) {
            Line line = byKind.getOrDefault(kind, new Line());
            @Nullable Head before = line.standing.get(group);
            stand(line, group);
            @Nullable Head after = line.standing.get(group);
            if (inRound.containsKey(kind) || after != null && !after.equals(before)) {
                ask(kind);
            }
        }
    }

    private void ask(Shape kind) {
        drop(kind);
        @Nullable Line line = byKind.get(kind);
        if (line != null && !line.heads.isEmpty()) {
            round.add(line.heads.first());
            inRound.put(kind, line.heads.first());
        }
    }

    private void drop(Shape kind) {
        @Nullable Head listed = inRound.remove(kind);
        if (listed != null) {
            round.remove(listed);
        }
    }

    /** Notes that a node has more room than before, or can run more. */
    void gotRoom(String node) {
        room = true;
        for (Shape kind : List.copyOf(pinned.getOrDefault(node, Set.of()))) {
            if (passed.contains(kind)) {
                nextRound.add(kind);
            } else {
                ask(kind);
            }
        }
    }

    /** Begins a round where the last one is through, or has lasted long enough, or where all kinds can be asked about at once. */
    void beginRound() {
        if (!round.isEmpty() && byKind.size() > FEW && asks < 2L * byKind.size()) {
            return;
        }
        asks = 0;
        passed.clear();
        List.copyOf(nextRound).forEach(this::ask);
        nextRound.clear();
        if (room) {
            room = false;
            anywhere.forEach(this::ask);
        }
    }

    /** Returns whether a task of a higher priority waits that can run. @param canRun says of which kinds */
    boolean isOutranked(Task task, Predicate<Shape> canRun) {
        int priority = groups.rule(task.definition().group())
                .priority()
                .orElse(task.definition().priority());
        return byKind.entrySet().stream()
                .filter(kind -> !kind.getValue().heads.isEmpty()
                        && kind.getValue().heads.first().priority() > priority)
                .anyMatch(kind -> canRun.test(kind.getKey()));
    }

    /** Returns the first task of a kind and a group, if it may be placed. */
    Optional<Task> first(Shape kind, String group) {
        return Optional.ofNullable(byKind.get(kind))
                .flatMap(line -> Optional.ofNullable(line.standing.get(group)))
                .map(Head::task);
    }

    /** Lists the first tasks of the groups of a kind in their order, at most so many. */
    List<Task> firsts(Shape kind, int most) {
        return byKind.getOrDefault(kind, new Line()).heads.stream()
                .limit(most)
                .map(Head::task)
                .toList();
    }

    /** Returns the task for which room is to be found next. */
    Optional<Task> next() {
        asks++;
        return round.isEmpty() ? Optional.empty() : Optional.of(round.first().task());
    }

    /** Notes that there is no room for a task, and so for none of its kind. */
    void pass(Task task) {
        drop(task.definition().shape());
        passed.add(task.definition().shape());
    }
}
