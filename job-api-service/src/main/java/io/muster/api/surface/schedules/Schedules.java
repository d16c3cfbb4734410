package io.muster.api.surface.schedules;

import io.micronaut.http.HttpRequest;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.credential.ApiTokens;
import io.muster.api.credential.PolicyPassword;
import io.muster.api.credential.SharedKey;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Serves previews of schedules to whoever may read on any surface, with the credentials of any. Nothing is changed by one, so none is audited. Contract: addresses,
 * "Rulings".
 */
public final class Schedules implements Surface {
    static final String MOUNT = "/~schedules";
    private static final String ROOT = "/api/schedules/";

    private final Gate gate;
    private final ApiTokens tokens;

    /** Makes one. */
    public Schedules(Gate gate, ApiTokens tokens) {
        this.gate = gate;
        this.tokens = tokens;
    }

    @Override
    public String mount() {
        return MOUNT;
    }

    @Override
    public boolean serves(Arrival arrival) {
        return arrival.path().startsWith(ROOT);
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        @Nullable String authorization = request.getHeaders().get("Authorization");
        if (PolicyPassword.hasScheme(authorization)) {
            PolicyPassword given = PolicyPassword.parse(String.valueOf(authorization))
                    .orElseThrow(() -> unreadable("Basic, of a user and a password"));
            return Optional.of(gate.withKey(given.policy(), given.key()));
        }
        return Optional.of(
                SharedKey.hasScheme(authorization)
                        ? signed(request, String.valueOf(authorization), path, now)
                        : tokens.holder(authorization, now).orElseGet(() -> gate.identify(authorization, path, now)));
    }

    private Caller signed(HttpRequest<?> request, String authorization, String path, Instant now) {
        SharedKey key = SharedKey.parse(authorization)
                .filter(_ -> SharedKey.isTimely(request.getHeaders(), now))
                .orElseThrow(() ->
                        unreadable("SharedKey {account}:{signature}, with a header ocp-date within 15 minutes of now"));
        return gate.signedBy(key.texts(request, path), key.signature());
    }

    private static ProblemException unreadable(String form) {
        return new ProblemException(Problem.unauthorized("The header Authorization is " + form + "."));
    }

    @Override
    public Grant grant(String method, String route) {
        return new Grant(EnumSet.complementOf(EnumSet.of(Right.DEVICE_CONNECT)), Role.READ);
    }

    /** Accepts any version: it is no public client's API. */
    @Override
    public void checkVersion(@Nullable String version) {}

    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        return new Envelope(
                problem.ofHub(UUID.randomUUID().toString().replace("-", ""), now)
                        .toString(),
                Map.of());
    }
}
