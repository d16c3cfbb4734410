package io.muster.planner.pool;

import io.muster.planner.pool.Pool.Task;
import io.muster.planner.pool.TaskDefinition.Shape;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Holds the nodes that get nothing new so that a gang finds room on all of them at once: idle ones first, then in the order of their ids, and behind all others those that were busy up to the end of a time before. A pool has one reservation at a time, so that two
 * gangs never wait for each other's nodes. It ends when so many nodes have room, held ones or others, when one of its nodes can't run the gang any more, when a task of a higher priority waits, or when its time is over; the nodes
 * are everybody's then for as long as they were held, and another gang's before that one's. A gang that has waited in vain holds them for twice as long the next time: tasks that run for long don't starve it, and it
 * takes half of the time of its nodes at most. Kept in memory alone: behind a restart it begins anew. Contract: batch, 3.6. For one thread.
 */
final class Reservation {
    /** Bounds how long nodes are held for a gang the first time. */
    static final Duration FIRST = Duration.ofSeconds(60);

    /** Bounds it in the end. */
    static final Duration LONGEST = Duration.ofHours(1);

    /** Bounds the gangs of which it is known that they waited in vain. */
    private static final int MOST_KNOWN = 100;

    private record Held(String taskId, Set<String> nodes, Instant until) {}

    /**
     * Says what a gang has waited for.
     *
     * @param length of the time for which nodes are held for it the next time
     * @param busy nodes that had no room up to the end of a time for which they were held for it: others are held before them
     */
    private record Waited(Duration length, Set<String> busy) {}

    private final Pool pool;
    private @Nullable Held held;
    private final Map<String, Waited> inVain = new LinkedHashMap<>();
    private Instant next = Instant.MIN;
    /** Names the gang that has waited in vain last, which another one precedes; empty where there is none. */
    private String yielding = "";
    /** Says whether another gang has found no room since nodes were held. */
    private boolean isAnotherThere;

    Reservation(Pool pool) {
        this.pool = pool;
    }

    /** Returns whether nodes wait for a gang, which time or an end may bring. */
    boolean isHeld() {
        return held != null;
    }

    /** Returns whether a node waits for a gang. */
    boolean holds(String node) {
        return held != null && held.nodes().contains(node);
    }

    /** Holds nodes for a gang that has found no room, if none are held, so many can run it, and no task of a higher priority waits. */
    void hold(Task gang, Instant now) {
        TaskDefinition definition = gang.definition();
        isAnotherThere |= !definition.id().equals(held == null ? yielding : held.taskId());
        if (held != null || now.isBefore(next) || isOutranked(gang)) {
            return;
        }
        if (yielding.equals(definition.id()) && isAnotherThere) {
            yielding = "";
            return;
        }
        Waited waited = inVain.getOrDefault(definition.id(), new Waited(FIRST, Set.of()));
        List<String> able = pool.nodes().stream()
                .filter(node -> node.takes() && isAble(node, definition.shape()))
                .sorted(Comparator.comparing((Node node) -> waited.busy().contains(node.id()))
                        .thenComparing(node -> node.used() > 0)
                        .thenComparing(Node::id))
                .map(Node::id)
                .limit(definition.nodes())
                .toList();
        if (able.size() == definition.nodes()) {
            change(new Held(definition.id(), Set.copyOf(able), now.plus(waited.length())));
            isAnotherThere = false;
        }
    }

    private static boolean isAble(Node node, Shape shape) {
        return node.slots() >= shape.slots() && node.capabilities().containsAll(shape.requires());
    }

    /** Returns whether a task of a higher priority waits that nodes of the pool could run. */
    private boolean isOutranked(Task gang) {
        return pool.queues()
                .isOutranked(
                        gang,
                        shape -> shape.nodes()
                                == pool.nodes().stream()
                                        .filter(node -> node.drained(pool.isDrained(node.id()))
                                                .takes())
                                        .filter(node -> isAble(node, shape)
                                                && shape.pinnedTo()
                                                        .map(node.id()::equals)
                                                        .orElse(true))
                                        .limit(shape.nodes())
                                        .count());
    }

    private void change(@Nullable Held changed) {
        Set<String> before = held == null ? Set.of() : held.nodes();
        held = changed;
        before.forEach(pool::refreshTaking);
        if (changed != null) {
            changed.nodes().forEach(pool::refreshTaking);
        }
    }

    /** Is a gang with nodes that have room for it, those that were held first, each in the order of their ids. */
    record Ready(Task gang, List<Node> nodes) {}

    /** Gives the nodes back where the gang can be placed now, or can't be any more, or has waited for too long. @return what can be placed */
    Optional<Ready> end(Instant now) {
        if (held == null) {
            return Optional.empty();
        }
        Optional<Task> gang =
                pool.task(held.taskId()).filter(pool::mayBePlaced).filter(task -> pool.suits(task.definition()));
        if (gang.isEmpty() || isOutranked(gang.get())) {
            change(null);
            return Optional.empty();
        }
        Shape shape = gang.get().definition().shape();
        List<Node> there = held.nodes().stream()
                .sorted()
                .flatMap(id -> pool.node(id).stream())
                .filter(node -> isAble(node, shape)
                        && node.drained(pool.isDrained(node.id())).takes())
                .toList();
        List<Node> roomy = there.stream()
                .filter(node -> node.slots() - node.used() >= shape.slots())
                .toList();
        List<Node> chosen = Stream.concat(roomy.stream(), pool.free(shape, shape.nodes() - roomy.size()).stream())
                .toList();
        if (chosen.size() == shape.nodes()) {
            inVain.remove(held.taskId());
            change(null);
            return Optional.of(new Ready(gang.get(), chosen));
        }
        if (!now.isBefore(held.until())) {
            next = now.plus(waitedInVain(held.taskId(), there, roomy));
            change(null);
        } else if (there.size() < held.nodes().size()) {
            change(null);
        }
        return Optional.empty();
    }

    /** Notes that the time of a gang is over. @return how long that was */
    private Duration waitedInVain(String gang, List<Node> there, List<Node> roomy) {
        Waited waited = Optional.ofNullable(inVain.remove(gang)).orElse(new Waited(FIRST, Set.of()));
        Duration twice = waited.length().multipliedBy(2);
        Set<String> busy = Stream.concat(
                        waited.busy().stream(),
                        there.stream().filter(node -> !roomy.contains(node)).map(Node::id))
                .collect(Collectors.toUnmodifiableSet());
        inVain.put(gang, new Waited(twice.compareTo(LONGEST) > 0 ? LONGEST : twice, busy));
        if (inVain.size() > MOST_KNOWN) {
            inVain.remove(inVain.keySet().iterator().next());
        }
        yielding = gang;
        return waited.length();
    }
}
