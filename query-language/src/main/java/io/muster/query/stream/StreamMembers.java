package io.muster.query.stream;

import java.util.HashSet;
import java.util.Set;

/** Collects the members of rows that a query reads, as its compiler meets them. */
final class StreamMembers {
    private final Set<String> named = new HashSet<>();
    private boolean all;

    void add(String name) {
        named.add(name);
    }

    void all() {
        all = true;
    }

    StreamQuery.Members seen() {
        return new StreamQuery.Members(Set.copyOf(named), all);
    }
}
