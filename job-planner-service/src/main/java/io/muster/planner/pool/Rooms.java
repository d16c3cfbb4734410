package io.muster.planner.pool;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds nodes by their capabilities and by how much room they have. For one thread. */
final class Rooms {
    private final Map<Set<String>, NavigableMap<Integer, NavigableSet<String>>> byCapabilities = new HashMap<>();

    void add(String node, Set<String> capabilities, int room) {
        byCapabilities
                .computeIfAbsent(capabilities, _ -> new TreeMap<>())
                .computeIfAbsent(room, _ -> new TreeSet<>())
                .add(node);
    }

    void remove(String node, Set<String> capabilities, int room) {
        NavigableMap<Integer, NavigableSet<String>> alike = byCapabilities.getOrDefault(capabilities, new TreeMap<>());
        NavigableSet<String> same = alike.getOrDefault(room, new TreeSet<>());
        same.remove(node);
        if (same.isEmpty()) {
            alike.remove(room);
        }
        if (alike.isEmpty()) {
            byCapabilities.remove(capabilities);
        }
    }

    /** Lists so many nodes of each set of capabilities, those with most room first or last; none where all together are fewer. */
    List<String> find(Set<String> requires, int least, int count, boolean mostFirst) {
        List<NavigableMap<Integer, NavigableSet<String>>> able = byCapabilities.entrySet().stream()
                .filter(alike -> alike.getKey().containsAll(requires))
                .map(alike -> alike.getValue().tailMap(least, true))
                .toList();
        long all = able.stream()
                .flatMap(alike -> alike.values().stream())
                .mapToLong(Set::size)
                .sum();
        if (all < count) {
            return List.of();
        }
        return able.stream()
                .flatMap(alike -> (mostFirst ? alike.descendingMap() : alike)
                        .values().stream().flatMap(Collection::stream).limit(count))
                .toList();
    }
}
