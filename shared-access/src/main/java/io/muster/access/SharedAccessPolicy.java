package io.muster.access;

import java.util.Set;

/** Names a pair of keys and the rights that they give. */
public record SharedAccessPolicy(String name, Set<Right> rights, KeyPair keys) {
    public SharedAccessPolicy {
        rights = Set.copyOf(rights);
    }
}
