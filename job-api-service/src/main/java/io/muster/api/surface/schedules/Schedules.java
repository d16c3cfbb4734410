package io.muster.api.surface.schedules;

import io.micronaut.http.HttpRequest;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
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

/** Serves previews of schedules to whoever may read. Nothing is changed by one, so none is audited. */
public final class Schedules implements Surface {
    static final String MOUNT = "/~schedules";
    private static final String ROOT = "/api/schedules/";

    private final Gate gate;

    /** Makes one. */
    public Schedules(Gate gate) {
        this.gate = gate;
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
        return Optional.of(gate.identify(request.getHeaders().get("Authorization"), path, now));
    }

    @Override
    public Grant grant(String method, String route) {
        return new Grant(EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_READ, Right.REGISTRY_WRITE), Role.READ);
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
