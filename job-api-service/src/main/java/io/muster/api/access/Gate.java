package io.muster.api.access;

import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import io.muster.access.SharedAccessSignature;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lets a request through or says why not. Contract: iot-hub, 1.0 and 1.1. */
public final class Gate {
    private static final String BEARER = "Bearer ";
    private static final Set<String> VERSIONS = Set.of(
            "2021-04-12",
            "2020-09-30",
            "2020-05-31-preview",
            "2020-05-31",
            "2020-03-13",
            "2019-10-01",
            "2018-06-30",
            "2016-11-14");

    private final HubHosts hosts;
    private final Supplier<SharedAccessPolicies> policies;
    private final Optional<PersonTokens> people;

    /** @param people empty where no OpenID provider is used */
    public Gate(HubHosts hosts, Supplier<SharedAccessPolicies> policies, Optional<PersonTokens> people) {
        this.hosts = hosts;
        this.policies = policies;
        this.people = people;
    }

    /** @throws ProblemException when the version is missing or unknown */
    public void checkVersion(@Nullable String apiVersion) {
        if (apiVersion == null || !VERSIONS.contains(apiVersion)) {
            throw new ProblemException(Problem.badVersion());
        }
    }

    /**
     * Who asks, if a token allows it.
     *
     * @param authorization a shared access signature; or, behind the word Bearer, one or the token of a person
     * @throws ProblemException when the token does not allow it
     */
    public Caller check(@Nullable String authorization, String method, String path, Instant now) {
        String token = authorization == null
                ? ""
                : authorization.startsWith(BEARER) ? authorization.substring(BEARER.length()) : authorization;
        return people.isPresent() && PersonTokens.looksLikeOne(token)
                ? person(people.get().check(token, now), Operations.role(method, path))
                : program(token, method, path, now);
    }

    private static Caller.Person person(Caller.Person person, Role needed) {
        if (!person.role().includes(needed)) {
            throw refuse("The role " + person.role().word() + " does not allow this: it takes " + needed.word() + ".");
        }
        return person;
    }

    private Caller.Program program(String text, String method, String path, Instant now) {
        Optional<SharedAccessSignature> token = SharedAccessSignature.parse(text);
        if (token.isEmpty()) {
            throw refuse("Give a shared access signature in the header Authorization.");
        }
        if (token.get().isExpired(now)) {
            throw refuse("The token has expired.");
        }
        Optional<SharedAccessPolicy> policy = token.get()
                .keyName()
                .flatMap(name -> policies.get().named(name))
                .filter(named -> token.get().isSignedWith(named.keys()));
        if (policy.isEmpty()) {
            throw refuse("The token names no policy of this hub, or neither of the policy's keys signed it.");
        }
        if (!token.get().covers(hosts, path)) {
            throw refuse("The token is for another host or resource.");
        }
        if (Collections.disjoint(policy.get().rights(), Operations.rights(method, path))) {
            throw refuse("The policy " + policy.get().name() + " does not allow this.");
        }
        return new Caller.Program(policy.get().name());
    }

    static ProblemException refuse(String message) {
        return new ProblemException(Problem.unauthorized(message));
    }
}
