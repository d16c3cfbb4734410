package io.muster.node.work;

import java.util.List;

/** Says what a node can do. @param capabilities interpreters that it has, and labels as name=value, sorted @param address under which other nodes reach it */
public record NodeFacts(int slots, List<String> capabilities, String address) {
    /** Makes one of a copy. */
    public NodeFacts {
        capabilities = capabilities.stream().sorted().toList();
    }
}
