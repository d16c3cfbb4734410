package io.muster.standalone;

import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** Makes a link that signs a browser in to the page of jobs, once: a token for that alone, of a policy that may see jobs. See ADR 0023. */
public final class SignInLink {
    private static final Duration LIFE = Duration.ofMinutes(10);
    private static final List<String> POLICIES = List.of("service", "iothubowner");
    private static final String RESOURCE = "localhost/sign-in";

    private SignInLink() {}

    /** Returns a link that is good for ten minutes. @throws StandaloneException when the policies have none that may see jobs and has a key */
    public static String of(String rest, SharedAccessPolicies policies, Instant now) throws StandaloneException {
        String token = POLICIES.stream()
                .flatMap(name -> policies
                        .named(name)
                        .flatMap(policy -> policy.keys().signing())
                        .stream()
                        .map(key -> SharedAccessSignature.sign(RESOURCE, key, name, now.plus(LIFE))))
                .findFirst()
                .orElseThrow(
                        () -> new StandaloneException(
                                "There is no policy called service or iothubowner with a key to sign in with: add one to policies.properties."));
        return rest + "/?sign-in="
                + Base64.getUrlEncoder().withoutPadding().encodeToString(token.getBytes(StandardCharsets.UTF_8));
    }
}
