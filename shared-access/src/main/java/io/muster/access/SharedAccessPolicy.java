package io.muster.access;

import java.util.Set;

/** A named pair of keys and what they allow. */
public record SharedAccessPolicy(String name, Set<Right> rights, KeyPair keys) {
    public SharedAccessPolicy {
        rights = Set.copyOf(rights);
    }
}
