package io.muster.api.access;

import io.muster.access.Right;
import java.util.Set;

/** Names a caller that was checked. */
public sealed interface Caller {
    /** By which it is limited: what a program and a person are called never meet. */
    String id();

    /** Whether it may see what devices prove themselves with. */
    boolean seesKeys();

    /** A program. @param policy the shared access policy that it showed a signature of @param rights of that policy */
    record Program(String policy, Set<Right> rights) implements Caller {
        @Override
        public String id() {
            return "policy/" + policy;
        }

        @Override
        public boolean seesKeys() {
            return true;
        }
    }

    /**
     * A person, or a program that an OpenID provider knows.
     *
     * @param subject by which the provider knows it, for good
     * @param name as it is called now
     */
    record Person(String subject, String name, Role role) implements Caller {
        @Override
        public String id() {
            return "person/" + subject;
        }

        @Override
        public boolean seesKeys() {
            return role == Role.ADMINISTER;
        }
    }
}
