package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.access.Throttles;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import java.net.URI;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Serves IoT Hub's service API: devices, twins, methods, jobs and queries. It takes every request that no other surface takes. Contract: iot-hub, 1. */
public final class IotHub implements Surface {
    private static final Set<String> VERSIONS = Set.of(
            "2021-04-12",
            "2020-09-30",
            "2020-05-31-preview",
            "2020-05-31",
            "2020-03-13",
            "2019-10-01",
            "2018-06-30",
            "2016-11-14");
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    private final Gate gate;
    private final boolean webSockets;

    /** Makes one. @param webSockets whether devices over WebSocket are served */
    public IotHub(Gate gate, boolean webSockets) {
        this.gate = gate;
        this.webSockets = webSockets;
    }

    @Override
    public String mount() {
        return "";
    }

    @Override
    public boolean serves(Arrival arrival) {
        return true;
    }

    @Override
    public boolean isWebSocket(String path) {
        return webSockets && MqttOverWebSocket.PATH.equals(URI.create(path).getPath());
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        if (route.equals(MqttOverWebSocket.PATH)) {
            // The gateway asks for the device's token.
            if (!MqttOverWebSocket.serves(request)) {
                throw new ProblemException(Problem.argumentInvalid("This is MQTT: ask for the subprotocol mqtt."));
            }
            return Optional.empty();
        }
        return Optional.of(gate.identify(request.getHeaders().get("Authorization"), path, now));
    }

    /** Returns the lenient rulings of the contract. Contract: iot-hub, 1.1. */
    @Override
    public Grant grant(String method, String route) {
        return new Grant(rights(method, route), role(method, route));
    }

    private static Set<Right> rights(String method, String route) {
        if (route.startsWith("/twins") || isOfMessages(route)) {
            return EnumSet.of(Right.SERVICE_CONNECT);
        }
        if (isQuery(route)) {
            return EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_READ);
        }
        if (route.startsWith("/jobs")) {
            return EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE, Right.JOBS);
        }
        return method.equals("GET") ? EnumSet.of(Right.REGISTRY_READ) : EnumSet.of(Right.REGISTRY_WRITE);
    }

    private static Role role(String method, String route) {
        if (READING.contains(method) || isQuery(route)) {
            return Role.READ;
        }
        boolean registers = route.startsWith("/devices") && !isOfMessages(route);
        return registers ? Role.ADMINISTER : Role.OPERATE;
    }

    private static boolean isQuery(String route) {
        return route.equals("/devices/query");
    }

    private static boolean isOfMessages(String route) {
        return route.endsWith("/messages/devicebound") || route.endsWith("/commands");
    }

    @Override
    public void checkVersion(@Nullable String version) {
        if (version == null || !VERSIONS.contains(version)) {
            throw new ProblemException(new Problem(
                    400, "InvalidProtocolVersion", "Give api-version=2021-04-12, or another that is documented."));
        }
    }

    @Override
    public Optional<Throttles.Kind> limitedAs(String route) {
        return Optional.of(kind(route));
    }

    static Throttles.Kind kind(String route) {
        if (route.startsWith("/jobs")) {
            return Throttles.Kind.JOBS;
        }
        if (isQuery(route)) {
            return Throttles.Kind.QUERIES;
        }
        if (route.startsWith("/twins")) {
            return route.endsWith("/methods") ? Throttles.Kind.METHODS : Throttles.Kind.TWINS;
        }
        return isOfMessages(route) ? Throttles.Kind.MESSAGES : Throttles.Kind.REGISTRY;
    }

    @Override
    public Problem problem(Refusal refusal) {
        return HubErrors.of(refusal);
    }

    @Override
    public Problem named(Problem problem) {
        return HubErrors.named(problem);
    }

    /** Returns form B where clients of methods read the number of a gateway's error from it, and form A else. Contract: iot-hub, 1.10. */
    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        String trackingId = UUID.randomUUID().toString().replace("-", "");
        OptionalInt number = kind(route) == Throttles.Kind.METHODS ? HubErrors.number(problem) : OptionalInt.empty();
        ObjectNode body = number.isPresent()
                ? HubErrors.formB(problem, number.getAsInt(), trackingId, now)
                : problem.ofHub(trackingId, now);
        return new Envelope(body.toString(), Map.of("iothub-errorcode", problem.name()));
    }
}
