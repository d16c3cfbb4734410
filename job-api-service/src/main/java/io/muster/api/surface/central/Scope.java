package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.access.Caller;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Says which things a caller sees: those of its organization, or all. An organization is a label of devices, groups, jobs, schedules and tokens. Contract: iot-central, 1.2.
 *
 * @param organization empty for all
 */
record Scope(Optional<String> organization) {
    /** Names the member of documents that holds it. */
    static final String MEMBER = "organizations";

    private static final Pattern ID = Pattern.compile("(?!-)[a-z0-9-]{1,47}[a-z0-9]");

    static Scope of(Caller caller) {
        return new Scope(caller instanceof Caller.Token token ? token.organization() : Optional.empty());
    }

    /** Returns whether the caller sees a thing. @param of the thing's organization; null for none */
    boolean sees(@Nullable String of) {
        return organization.isEmpty() || organization.get().equals(of);
    }

    /**
     * Returns the organization that a document names. Where it names none it is that of the thing as it was, or else the caller's own: so a change by whoever sees all things takes none
     * out of its organization by silence. An empty list takes it out. Null for none.
     *
     * @param before the organization of the thing that is there; null for none
     * @throws ProblemException where it is no organization (400), or another than the caller's (403)
     */
    @Nullable
    String named(JsonBody body, @Nullable String before) {
        if (!body.has(MEMBER)) {
            return before == null ? organization.orElse(null) : before;
        }
        List<String> named = body.texts(MEMBER);
        if (named.isEmpty()) {
            if (organization.isPresent()) {
                throw forbidden();
            }
            return null;
        }
        if (named.size() != 1) {
            throw body.wrong(MEMBER, "a list of exactly one organization");
        }
        return checked(named.getFirst());
    }

    /** Returns an organization that the caller may name. @throws ProblemException where it is none (400), or another than the caller's (403) */
    String checked(String named) {
        if (!ID.matcher(named).matches()) {
            throw new ProblemException(Problem.argumentInvalid(
                    "An organization's id has 2 to 48 small letters, digits and hyphens, and no hyphen at"
                            + " either end."));
        }
        if (!sees(named)) {
            throw forbidden();
        }
        return named;
    }

    /** Checks that the caller may change things that are everybody's. @throws ProblemException (403) where it is bound to an organization */
    void checkAll() {
        if (organization.isPresent()) {
            throw forbidden();
        }
    }

    private ProblemException forbidden() {
        return new ProblemException(new Problem(
                403, "Forbidden", "The token is bound to the organization " + organization.orElse("") + "."));
    }

    /** Returns a merge patch that says an empty list where it says null: what is missing behind it would stay as it was. */
    static ObjectNode cleared(ObjectNode change) {
        if (change.has(MEMBER) && change.get(MEMBER).isNull()) {
            change.putArray(MEMBER);
        }
        return change;
    }

    /** Returns a condition over twins, narrowed to devices of an organization. @param of null for all devices */
    static String within(String condition, @Nullable String of) {
        if (of == null) {
            return condition;
        }
        String own = "tags.central.organization = '" + of + "'";
        return condition.equals("*") ? own : own + " AND " + condition;
    }

    /** Returns a condition over twins, narrowed to devices that the caller sees. */
    String within(String condition) {
        return within(condition, organization.orElse(null));
    }
}
