package io.muster.api.access;

import io.muster.access.Right;
import java.util.Optional;
import java.util.Set;

/** Names a caller that was checked. */
public sealed interface Caller {
    /** Returns the id by which it is limited: ids of programs and of persons differ by their prefix. */
    String id();

    /** Returns whether it may see the keys of devices. */
    boolean seesKeys();

    /** Names a program. @param policy the shared access policy that it showed a signature of @param rights of that policy */
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
     * Names the holder of an API token.
     *
     * @param organization whose things alone it sees; empty for all
     */
    record Token(String tokenId, Role role, Optional<String> organization) implements Caller {
        @Override
        public String id() {
            return "token/" + tokenId;
        }

        @Override
        public boolean seesKeys() {
            return role == Role.ADMINISTER;
        }
    }

    /**
     * Names a person, or a program that an OpenID provider knows.
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
