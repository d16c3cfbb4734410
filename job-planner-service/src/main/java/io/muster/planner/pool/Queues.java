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
import org.jspecify.annotations.Nullable;

/**
 * Holds the queued tasks of a pool by kind: those of one kind can run on the same nodes, so that the first of them speaks for all. A round asks about kinds in
 * the order of their first tasks. One that finds no room is passed, and is asked about again when there is room that it might take: one that is pinned to a
 * node when that node has some, others when any has. So a placing costs by what changed, and never more than its budget. For one thread.
 */
final class Queues {
    /** Orders tasks as they are placed. */
    private static final Comparator<Task> ORDER = Comparator.comparingInt(
                    (Task task) -> task.definition().priority())
            .reversed()
            .thenComparingLong(Task::number);

    private static final int FEW = PoolDecider.MOST_ASKED;

    private final Map<Shape, TreeSet<Task>> byKind = new HashMap<>();
    private final Map<String, Set<Shape>> pinned = new HashMap<>();
    private final Set<Shape> anywhere = new HashSet<>();

    /** Holds the first task of each kind about which the round has yet to ask. */
    private final TreeSet<Task> round = new TreeSet<>(ORDER);

    private final Map<Shape, Task> inRound = new HashMap<>();
    /** Holds the kinds that found no room in this round, so that they don't keep it from coming to others. */
    private final Set<Shape> passed = new HashSet<>();

    private final Set<Shape> nextRound = new HashSet<>();
    private boolean room;
    private long asks;

    boolean isEmpty() {
        return byKind.isEmpty();
    }

    /** Returns whether there are kinds that may find room. */
    boolean areToBeAsked() {
        return !round.isEmpty() || !nextRound.isEmpty() || room && !anywhere.isEmpty();
    }

    void add(Task task) {
        Shape kind = task.definition().shape();
        @Nullable TreeSet<Task> queue = byKind.get(kind);
        if (queue == null) {
            queue = new TreeSet<>(ORDER);
            queue.add(task);
            byKind.put(kind, queue);
            kind.pinnedTo()
                    .ifPresentOrElse(
                            node -> pinned.computeIfAbsent(node, _ -> new HashSet<>())
                                    .add(kind),
                            () -> anywhere.add(kind));
            ask(kind);
        } else {
            queue.add(task);
            if (inRound.containsKey(kind)) {
                ask(kind);
            }
        }
    }

    void remove(Task task) {
        Shape kind = task.definition().shape();
        TreeSet<Task> queue = byKind.getOrDefault(kind, new TreeSet<>(ORDER));
        queue.remove(task);
        boolean asked = inRound.containsKey(kind);
        drop(kind);
        if (!queue.isEmpty()) {
            if (asked) {
                ask(kind);
            }
            return;
        }
        byKind.remove(kind);
        anywhere.remove(kind);
        passed.remove(kind);
        nextRound.remove(kind);
        kind.pinnedTo().ifPresent(node -> {
            Set<Shape> kinds = pinned.getOrDefault(node, new HashSet<>());
            kinds.remove(kind);
            if (kinds.isEmpty()) {
                pinned.remove(node);
            }
        });
    }

    private void ask(Shape kind) {
        drop(kind);
        @Nullable TreeSet<Task> queue = byKind.get(kind);
        if (queue != null) {
            round.add(queue.first());
            inRound.put(kind, queue.first());
        }
    }

    private void drop(Shape kind) {
        @Nullable Task listed = inRound.remove(kind);
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

    /** Returns the first task of a kind. */
    Optional<Task> first(Shape kind) {
        return Optional.ofNullable(byKind.get(kind)).map(TreeSet::first);
    }

    /** Returns the task for which room is to be found next. */
    Optional<Task> next() {
        asks++;
        return round.isEmpty() ? Optional.empty() : Optional.of(round.first());
    }

    /** Notes that there is no room for a task, and so for none of its kind. */
    void pass(Task task) {
        drop(task.definition().shape());
        passed.add(task.definition().shape());
    }
}
