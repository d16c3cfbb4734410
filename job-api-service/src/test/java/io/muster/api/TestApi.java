package io.muster.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import io.muster.api.access.Gate;
import io.muster.api.access.Throttles;
import io.muster.api.http.RestServer;
import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.api.job.Views;
import io.muster.api.surface.central.CentralOptions;
import io.muster.api.surface.iothub.GatewayTunnels;
import io.muster.api.surface.iothub.MessageLife;
import io.muster.api.surface.streamanalytics.StreamJobReach;
import io.muster.api.surface.webjobs.UploadLimits;
import io.muster.records.AuditEntry;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;

/** Runs the real server on a free port, with the planner played by a double, and raw sockets to it. */
final class TestApi implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-11-21T02:25:15Z");
    static final ObjectMapper JSON = new ObjectMapper();
    static final StreamJobReach REACH = new StreamJobReach(StreamJobTopics.of("*"), EndpointAccess.of(""));
    /** Is small, so that tests reach it. */
    static final UploadLimits UPLOADS = new UploadLimits(3 << 20, 100 << 20);

    static final CentralOptions CENTRAL = new CentralOptions(3, true);

    private static final int READ_LIMIT_MS = 20_000;

    final SharedAccessPolicies policies;
    final Views views = Views.empty();
    final JobView jobs = views.jobs();
    final StreamJobView streamJobs = views.streamJobs();
    final RequestsDouble planner = new RequestsDouble(views);
    final ComputeDouble compute = new ComputeDouble();
    final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    final Queue<AuditEntry> audit = new ConcurrentLinkedQueue<>();
    final AtomicReference<Instant> clock = new AtomicReference<>(NOW);
    final RestServer server;

    private TestApi(
            SharedAccessPolicies policies,
            Map<Throttles.Kind, Integer> perMinute,
            int connectionsPerAddress,
            RestServer.Patience patience,
            Optional<GatewayTunnels.Options> gateway)
            throws IOException {
        this.policies = policies;
        this.server = ApiSurfaces.serve(
                new RestServer.Options("127.0.0.1", 0, Optional.empty(), perMinute, connectionsPerAddress, patience),
                new ApiSurfaces.Options(new MessageLife(Duration.ofHours(1)), gateway, REACH, UPLOADS, CENTRAL),
                new Gate(HubHosts.of("localhost"), () -> policies, Optional.empty()),
                planner,
                audit::add,
                views,
                compute,
                compute.outputs,
                meters,
                clock::get);
    }

    static TestApi start() throws IOException {
        return start(SharedAccessPolicies.generate(new SecureRandom()));
    }

    static TestApi start(SharedAccessPolicies policies) throws IOException {
        return new TestApi(policies, Map.of(), 1000, RestServer.Patience.USUAL, Optional.empty());
    }

    static TestApi start(int connectionsPerAddress, RestServer.Patience patience) throws IOException {
        return new TestApi(
                SharedAccessPolicies.generate(new SecureRandom()),
                Map.of(),
                connectionsPerAddress,
                patience,
                Optional.empty());
    }

    /** @param perMinute how many requests of a kind a caller has */
    static TestApi start(Map<Throttles.Kind, Integer> perMinute) throws IOException {
        return new TestApi(
                SharedAccessPolicies.generate(new SecureRandom()),
                perMinute,
                1000,
                RestServer.Patience.USUAL,
                Optional.empty());
    }

    /** @param gateway to which devices over WebSocket are passed on */
    static TestApi start(GatewayTunnels.Options gateway) throws IOException {
        return new TestApi(
                SharedAccessPolicies.generate(new SecureRandom()),
                Map.of(),
                1000,
                RestServer.Patience.USUAL,
                Optional.of(gateway));
    }

    /** Returns a token of a policy for the whole hub. */
    String token(String policy) {
        return SharedAccessSignature.sign(
                "localhost",
                String.valueOf(policies.named(policy).orElseThrow().keys().primary()),
                policy,
                NOW.plusSeconds(60));
    }

    Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout(READ_LIMIT_MS);
        return socket;
    }

    /** Returns the answer to bytes, until the server ends the connection. */
    String exchange(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return readAll(socket);
        }
    }

    /** Returns the answer to a request to IoT Hub's API, with a policy's token. */
    String ask(String method, String path, String policy, String body) throws IOException {
        return exchange(method + " " + path + "?api-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\n"
                + "Connection: close\r\nContent-Length: " + body.length() + "\r\nAuthorization: " + token(policy)
                + "\r\n\r\n" + body);
    }

    /** Returns all that comes until the server ends the connection. */
    static String readAll(Socket socket) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        InputStream in = socket.getInputStream();
        try {
            in.transferTo(all);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the server left the connection open, having said: " + all, e);
        } catch (IOException e) {
            // Reset: a client has the bytes that came before.
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    static JsonNode body(String response) throws IOException {
        return JSON.readTree(response.substring(response.indexOf("\r\n\r\n") + 4));
    }

    @Override
    public void close() {
        server.close();
    }
}
