package io.muster.api.surface.iothub;

import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.TwinPatch;
import java.util.EnumSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Guards the tags {@code compute}, which make a device a compute node and name its pool: who writes them has tasks and their secrets sent to a device of their own choice. It
 * takes the right to run code on nodes, or to register devices. Described in docs/operate/security.md.
 */
final class ComputeTags {
    private static final String COMPUTE = "compute";
    private static final String CLEARED = "null";
    private static final Grant WRITES = new Grant(EnumSet.of(Right.COMPUTE, Right.REGISTRY_WRITE), Role.ADMINISTER);

    private ComputeTags() {}

    /** Returns why a caller may not write these tags; empty where it may. */
    private static Optional<String> refusal(Caller caller) {
        return Gate.disallows(caller, WRITES);
    }

    /** Rejects a change that names these tags, of a caller that may not write them. @throws ProblemException (401) */
    static void check(Caller caller, TwinPatch change) {
        if (of(change.getTags()).isPresent()) {
            refuse(caller);
        }
    }

    /** Returns whether a change has to be compared with the twin, since it says what all tags are, and its caller may not write these. */
    static boolean isToCompare(Caller caller, TwinPatch change, boolean replaces) {
        return change.getTags() != null
                && (replaces || change.getTags().equals(CLEARED))
                && refusal(caller).isPresent();
    }

    /**
     * Rejects a change that says what all tags are, where these tags would be others than before.
     *
     * @param etag of the twin that has the tags {@code before}
     * @return the change, which holds for that twin alone where it has such tags
     * @throws ProblemException (401)
     */
    static TwinPatch compared(Caller caller, TwinPatch change, String before, String etag) {
        Optional<Object> known = of(before);
        if (!known.equals(of(change.getTags()))) {
            refuse(caller);
        }
        boolean holdsForAny = change.getIfMatch() == null || change.getIfMatch().equals("*");
        return known.isPresent() && holdsForAny ? new TwinPatch(etag, change.getTags(), change.getDesired()) : change;
    }

    private static Optional<Object> of(@Nullable String tags) {
        return tags == null || !tags.contains('"' + COMPUTE + '"')
                ? Optional.empty()
                : Optional.ofNullable(JsonBody.stored(tags).get(COMPUTE));
    }

    private static void refuse(Caller caller) {
        refusal(caller).ifPresent(why -> {
            throw new ProblemException(Problem.unauthorized(why + " The tags " + COMPUTE
                    + " say which devices are compute nodes: they take Compute or RegistryWrite."));
        });
    }
}
