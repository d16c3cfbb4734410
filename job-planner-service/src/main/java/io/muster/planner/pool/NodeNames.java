package io.muster.planner.pool;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Holds names of nodes in their order, those whose lease is over apart. For one thread. */
final class NodeNames {
    private final SortedSet<String> present = new TreeSet<>();
    private final SortedSet<String> absent = new TreeSet<>();

    void add(String node, boolean lost) {
        (lost ? absent : present).add(node);
    }

    void remove(String node) {
        present.remove(node);
        absent.remove(node);
    }

    boolean isEmpty() {
        return present.isEmpty() && absent.isEmpty();
    }

    /** Counts those whose lease is not over. */
    int present() {
        return present.size();
    }

    /** Lists the first so many, those whose lease is over behind all others. */
    List<String> first(int most) {
        return Stream.concat(present.stream(), absent.stream()).limit(most).toList();
    }
}
