package io.muster.api.surface.central;

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
     * Returns the organization that a document names; the caller's own where it names none. Null for none.
     *
     * @throws ProblemException where it is no organization (400), or another than the caller's (403)
     */
    @Nullable
    String named(JsonBody body) {
        if (!body.has(MEMBER)) {
            return organization.orElse(null);
        }
        List<String> named = body.texts(MEMBER);
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
            throw new ProblemException(new Problem(
                    403, "Forbidden", "The token is bound to the organization " + organization.orElse("") + "."));
        }
        return named;
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
