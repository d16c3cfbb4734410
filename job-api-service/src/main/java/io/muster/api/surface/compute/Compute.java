package io.muster.api.surface.compute;

import io.micronaut.http.HttpRequest;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.json.Problem;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Serves compute nodes, which show their device's signature: its route checks it, since the device's keys are in the log. */
public final class Compute implements Surface {
    static final String MOUNT = "/~compute";
    private static final String ROOT = "/compute/";

    /** Makes one. */
    public Compute() {}

    @Override
    public String mount() {
        return MOUNT;
    }

    @Override
    public boolean serves(Arrival arrival) {
        return arrival.path().startsWith(ROOT);
    }

    /** Returns nobody: no policy and no person fetches files. */
    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        return Optional.empty();
    }

    @Override
    public Grant grant(String method, String route) {
        return new Grant(EnumSet.of(Right.DEVICE_CONNECT), Role.READ);
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
