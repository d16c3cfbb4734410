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

    public Gate(HubHosts hosts, Supplier<SharedAccessPolicies> policies) {
        this.hosts = hosts;
        this.policies = policies;
    }

    /** @throws ProblemException when the version is missing or unknown */
    public void checkVersion(@Nullable String apiVersion) {
        if (apiVersion == null || !VERSIONS.contains(apiVersion)) {
            throw new ProblemException(Problem.badVersion());
        }
    }

    /** @return the policy that allows the request @throws ProblemException when the token does not */
    public String checkToken(@Nullable String authorization, String method, String path, Instant now) {
        Optional<SharedAccessSignature> token =
                Optional.ofNullable(authorization).flatMap(SharedAccessSignature::parse);
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
        return policy.get().name();
    }

    private static ProblemException refuse(String message) {
        return new ProblemException(Problem.unauthorized(message));
    }
}
