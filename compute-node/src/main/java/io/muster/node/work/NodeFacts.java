package io.muster.node.work;

import java.util.List;

/** Says what a node can do. @param capabilities interpreters that it has, and labels as name=value, sorted */
public record NodeFacts(int slots, List<String> capabilities) {
    /** Makes one of a copy. */
    public NodeFacts {
        capabilities = capabilities.stream().sorted().toList();
    }
}
