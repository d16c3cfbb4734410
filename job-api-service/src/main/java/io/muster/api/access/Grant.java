package io.muster.api.access;

import io.muster.access.Right;
import java.util.Set;

/**
 * Names what a request takes.
 *
 * @param rights of a program's policy: any one of them
 * @param role of a person
 */
public record Grant(Set<Right> rights, Role role) {
    public Grant {
        rights = Set.copyOf(rights);
    }

    /** Returns whether it changes something. */
    public boolean changes() {
        return role != Role.READ;
    }
}
