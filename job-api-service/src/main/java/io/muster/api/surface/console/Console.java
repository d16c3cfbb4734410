package io.muster.api.surface.console;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.access.SignInLinks;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Serves the page of jobs to a browser that is signed in, or to a token. A sign-in link carries its own proof.
 * The description of the API is open to everybody.
 */
public final class Console implements Surface {
    static final String MOUNT = "/~console";
    static final String COOKIE = "muster-session";
    static final String SIGN_IN_SCRIPT = "/live/sign-in.js";
    static final String DESCRIPTION = "/openapi.yaml";

    private static final Set<String> OPEN = Set.of(DESCRIPTION, SIGN_IN_SCRIPT);

    private final Gate gate;
    private final SignInLinks links;

    public Console(Gate gate, SignInLinks links) {
        this.gate = gate;
        this.links = links;
    }

    @Override
    public String mount() {
        return MOUNT;
    }

    @Override
    public boolean serves(Arrival arrival) {
        String path = arrival.path();
        return path.equals("/") || path.startsWith("/live/") || path.equals(DESCRIPTION);
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        if (OPEN.contains(route)) {
            return Optional.empty();
        }
        if (!gate.isOurs(request.getHeaders().get("Host"))) {
            throw new ProblemException(new Problem(
                    421,
                    "MisdirectedRequest",
                    "The header Host has another name than this hub's: use one of hub.hosts."));
        }
        @Nullable String link = PageController.link(request, path);
        if (link != null) {
            return Optional.of(gate.signIn(link, links, now));
        }
        Optional<Caller> signedIn = request.getMethodName().equals("GET")
                ? request.getCookies().findCookie(COOKIE).flatMap(cookie -> gate.signedIn(cookie.getValue(), now))
                : Optional.empty();
        return signedIn.or(() -> Optional.of(gate.identify(request.getHeaders().get("Authorization"), path, now)));
    }

    @Override
    public Grant grant(String method, String route) {
        return new Grant(EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE), Role.READ);
    }

    /** Accepts any version: a page has none. */
    @Override
    public void checkVersion(@Nullable String version) {}

    /** Returns true for sign-ins. */
    @Override
    public boolean isAudited(HttpRequest<?> request, String route) {
        return request.getMethodName().equals("POST") || PageController.link(request, route) != null;
    }

    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        return new Envelope(
                problem.ofHub(UUID.randomUUID().toString().replace("-", ""), now)
                        .toString(),
                Map.of("iothub-errorcode", problem.name()));
    }

    @Override
    public Optional<MutableHttpResponse<String>> page(HttpRequest<?> request, String path, Problem problem) {
        return path.equals("/")
                        && problem.status() == HttpStatus.UNAUTHORIZED.getCode()
                        && PageController.isBrowser(request)
                ? Optional.of(PageController.signInPage())
                : Optional.empty();
    }
}
