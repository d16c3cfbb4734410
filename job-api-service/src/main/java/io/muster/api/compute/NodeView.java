package io.muster.api.compute;

import io.muster.records.AttemptOver;
import io.muster.records.NodeAdmitted;
import io.muster.records.NodeDeparting;
import io.muster.records.NodeDismissed;
import io.muster.records.NodeJoined;
import io.muster.records.NodeLost;
import io.muster.records.NodeSchedulingChanged;
import io.muster.records.NodeStays;
import io.muster.records.NodeUnheard;
import io.muster.records.PoolEvents;
import io.muster.records.TaskPlaced;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Follows the events of pools: which nodes they have, and how these are. Thread-safe. */
public final class NodeView {
    /** Names the state of a node. */
    public enum State {
        /** Means that it has not reported yet. */
        STARTING,
        IDLE,
        RUNNING,
        /** Means that its program is to start anew. */
        REBOOTING,
        /** Means that it is to go to another pool. */
        LEAVING,
        /** Means that it was not heard for some time: it gets nothing new, and what it has goes to others when its lease is over. */
        UNUSABLE
    }

    /** Holds a node. @param since its state is as it is @param tasks that it has, or is about to, with the slots that each takes */
    public record Node(
            String id,
            State state,
            Instant since,
            boolean enabled,
            int slots,
            Map<String, Integer> tasks,
            Set<String> capabilities) {
        /** Returns the slots that its tasks take. */
        public int used() {
            return tasks.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    /** Orders ids of pools so that those that differ in the case of letters alone are neighbours. */
    private static final Comparator<String> BY_LETTERS =
            String.CASE_INSENSITIVE_ORDER.thenComparing(Comparator.naturalOrder());

    private record Known(
            boolean joined,
            boolean unheard,
            boolean enabled,
            Optional<Boolean> departs,
            int slots,
            Map<String, Integer> tasks,
            Set<String> capabilities,
            Instant since) {
        State state() {
            if (departs.isPresent()) {
                return departs.get() ? State.LEAVING : State.REBOOTING;
            }
            if (unheard) {
                return State.UNUSABLE;
            }
            if (!joined) {
                return State.STARTING;
            }
            return tasks.isEmpty() ? State.IDLE : State.RUNNING;
        }

        boolean reports() {
            return joined && !unheard;
        }

        Known departing(Optional<Boolean> changed) {
            return new Known(joined, unheard, enabled, changed, slots, tasks, capabilities, since);
        }

        Known with(Map<String, Integer> changed) {
            return new Known(joined, unheard, enabled, departs, slots, changed, capabilities, since);
        }

        Known enabled(boolean changed) {
            return new Known(joined, unheard, changed, departs, slots, tasks, capabilities, since);
        }

        Known asUnheard() {
            return new Known(joined, true, enabled, departs, slots, tasks, capabilities, since);
        }

        Known at(Instant changed) {
            return new Known(joined, unheard, enabled, departs, slots, tasks, capabilities, changed);
        }
    }

    private final NavigableMap<String, SortedMap<String, Known>> pools = new TreeMap<>(BY_LETTERS);

    /** Takes what a pool's decision brought. */
    public synchronized void read(PoolEvents batch) {
        for (Object event : batch.getEvents()) {
            take(batch.getPoolId(), event, batch.getAt());
        }
    }

    private void take(String pool, Object event, Instant at) {
        switch (event) {
            case NodeAdmitted admitted -> change(pool, admitted.getNodeId(), at, known -> known);
            case NodeJoined joined ->
                change(
                        pool,
                        joined.getNodeId(),
                        at,
                        known -> new Known(
                                true,
                                false,
                                known.enabled(),
                                known.departs(),
                                joined.getSlots(),
                                known.tasks(),
                                Set.copyOf(joined.getCapabilities()),
                                known.since()));
            case NodeUnheard unheard -> ifKnown(pool, unheard.getNodeId(), at, Known::asUnheard);
            case NodeLost lost ->
                ifKnown(pool, lost.getNodeId(), at, known -> known.asUnheard().with(Map.of()));
            case NodeDismissed dismissed -> remove(pool, dismissed.getNodeId());
            case NodeSchedulingChanged changed ->
                ifKnown(pool, changed.getNodeId(), at, known -> known.enabled(changed.getEnabled()));
            case NodeDeparting departing ->
                ifKnown(
                        pool,
                        departing.getNodeId(),
                        at,
                        known -> known.departing(Optional.of(departing.getTo() != null)));
            case NodeStays stays -> ifKnown(pool, stays.getNodeId(), at, known -> known.departing(Optional.empty()));
            case TaskPlaced placed ->
                placed.getMembers()
                        .forEach(member -> ifKnown(
                                pool,
                                member.getNodeId(),
                                at,
                                known -> known.with(
                                        with(known.tasks(), placed.getToken().getTaskId(), placed.getSlots()))));
            case AttemptOver over ->
                ifKnown(
                        pool,
                        over.getNodeId(),
                        at,
                        known -> known.with(
                                without(known.tasks(), over.getToken().getTaskId())));
            default -> {
                // Says nothing about nodes.
            }
        }
    }

    private static Map<String, Integer> with(Map<String, Integer> tasks, String task, int slots) {
        Map<String, Integer> changed = new HashMap<>(tasks);
        changed.put(task, slots);
        return changed;
    }

    private static Map<String, Integer> without(Map<String, Integer> tasks, String task) {
        Map<String, Integer> changed = new HashMap<>(tasks);
        changed.remove(task);
        return changed;
    }

    private void change(String pool, String node, Instant at, UnaryOperator<Known> change) {
        pools.computeIfAbsent(pool, _ -> new TreeMap<>())
                .putIfAbsent(node, new Known(false, false, true, Optional.empty(), 0, Map.of(), Set.of(), at));
        ifKnown(pool, node, at, change);
    }

    private void ifKnown(String pool, String node, Instant at, UnaryOperator<Known> change) {
        @Nullable Map<String, Known> nodes = pools.get(pool);
        if (nodes != null) {
            nodes.computeIfPresent(node, (_, before) -> {
                Known after = change.apply(before);
                return after.state() == before.state() ? after : after.at(at);
            });
        }
    }

    private void remove(String pool, String node) {
        pools.computeIfPresent(pool, (_, nodes) -> {
            nodes.remove(node);
            return nodes.isEmpty() ? null : nodes;
        });
    }

    /** Lists the pools that have nodes, in the order of their ids. */
    public synchronized List<String> pools() {
        return List.copyOf(pools.keySet());
    }

    /** Counts the nodes of all pools that are in a state. */
    public synchronized long count(State state) {
        return known().filter(node -> node.state() == state).count();
    }

    /** Counts the slots of the nodes that take tasks. */
    public synchronized long slots() {
        return known().filter(node -> node.enabled() && (node.state() == State.IDLE || node.state() == State.RUNNING))
                .mapToLong(Known::slots)
                .sum();
    }

    /** Counts the tasks that nodes have, or are about to. */
    public synchronized long tasks() {
        return known().mapToLong(node -> node.tasks().size()).sum();
    }

    private Stream<Known> known() {
        return pools.values().stream().flatMap(nodes -> nodes.values().stream());
    }

    /** Returns the id of a pool that has nodes as tags spell it: that one, or one that differs in the case of letters alone. */
    public synchronized Optional<String> spelled(String pool) {
        return pools.containsKey(pool)
                ? Optional.of(pool)
                : pools.navigableKeySet().stream()
                        .filter(pool::equalsIgnoreCase)
                        .findFirst();
    }

    /** Returns whether a device is a node of any pool, which reports. */
    public synchronized boolean isNode(String device) {
        return pools.values().stream()
                .map(nodes -> nodes.get(device))
                .anyMatch(known -> known != null && known.reports());
    }

    /** Returns what the nodes of a pool can do that report, any of them; empty where none is there. */
    public synchronized Set<String> capabilities(String pool) {
        return of(pool).values().stream()
                .filter(Known::reports)
                .flatMap(known -> known.capabilities().stream())
                .collect(Collectors.toSet());
    }

    private SortedMap<String, Known> of(String pool) {
        return pools.getOrDefault(pool, Collections.emptySortedMap());
    }

    /** Returns a node of a pool. */
    public synchronized Optional<Node> node(String pool, String node) {
        return Optional.ofNullable(of(pool).get(node)).map(known -> node(node, known));
    }

    /** Returns how many nodes of a pool are before one in the order of their ids. */
    public synchronized int position(String pool, String node) {
        return of(pool).headMap(node).size();
    }

    /** Lists the nodes of a pool in the order of their ids. */
    public synchronized List<Node> nodes(String pool) {
        return of(pool).entrySet().stream()
                .map(entry -> node(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static Node node(String id, Known known) {
        return new Node(
                id,
                known.state(),
                known.since(),
                known.enabled(),
                known.slots(),
                Map.copyOf(known.tasks()),
                known.capabilities());
    }
}
