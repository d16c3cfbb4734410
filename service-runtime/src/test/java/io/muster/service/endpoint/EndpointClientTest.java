package io.muster.service.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.muster.service.endpoint.EndpointClient.Outcome;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls a server on loopback, which only an allowlist opens. */
class EndpointClientTest {
    private static final byte[] ROWS = "[{\"a\":1}]".getBytes(StandardCharsets.UTF_8);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Muster-Result-Ids") + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/away")) {
                exchange.getResponseHeaders().set("Location", "/elsewhere");
            }
            if (path.equals("/endless")) {
                exchange.sendResponseHeaders(200, 0);
                byte[] some = new byte[8192];
                try (exchange) {
                    while (true) {
                        exchange.getResponseBody().write(some);
                    }
                }
            }
            exchange.sendResponseHeaders(path.equals("/away") ? 302 : path.equals("/no") ? 422 : 200, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private URI at(String host, String path) {
        return URI.create("http://" + host + ":" + server.getAddress().getPort() + path);
    }

    private EndpointClient allowed() {
        return new EndpointClient(EndpointAccess.of("localhost,127.0.0.1"), LIMIT);
    }

    @Test
    void deliversRows() {
        try (EndpointClient client = allowed()) {
            assertThat(client.call("POST", at("localhost", "/rows?code=x"), Map.of("Muster-Result-Ids", "1,2"), ROWS))
                    .isEqualTo(new Outcome.Answered(200));
            assertThat(client.call("HEAD", at("user:secret@localhost", "/"), Map.of(), null))
                    .isEqualTo(new Outcome.Answered(200));
        }
        assertThat(asked).containsExactly("POST /rows?code=x 1,2 [{\"a\":1}]", "HEAD / null ");
    }

    @Test
    void sendsNothingToLoopbackUnlessAllowed() {
        try (EndpointClient client = new EndpointClient(EndpointAccess.of(""), LIMIT)) {
            for (String host : new String[] {"localhost", "127.0.0.1", "[::1]", "2130706433", "0"}) {
                assertThat(client.call("POST", at(host, "/"), Map.of(), ROWS))
                        .as(host)
                        .isInstanceOfSatisfying(
                                Outcome.NotReached.class,
                                not -> assertThat(not.why()).contains("endpoints.allow"));
            }
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void followsNoRedirect() {
        try (EndpointClient client = allowed()) {
            assertThat(client.call("POST", at("localhost", "/away"), Map.of(), ROWS))
                    .isEqualTo(new Outcome.Answered(302));
            assertThat(client.call("POST", at("localhost", "/no"), Map.of(), ROWS))
                    .isEqualTo(new Outcome.Answered(422));
        }
        assertThat(asked).hasSize(2).noneMatch(request -> request.contains("elsewhere"));
    }

    @Test
    void stopsReadingAnEndlessAnswer() {
        try (EndpointClient client = allowed()) {
            assertThat(client.call("POST", at("localhost", "/endless"), Map.of(), ROWS))
                    .isEqualTo(new Outcome.Answered(200));
        }
    }

    /** Calls a fast endpoint hundreds of times within the limit of one call. */
    @Test
    void keepsNothingOfAnAnsweredCall() {
        try (EndpointClient client = new EndpointClient(EndpointAccess.of("localhost"), Duration.ofHours(1))) {
            byte[] rows = new byte[1 << 20];
            WeakReference<byte[]> sent = new WeakReference<>(rows);
            assertThat(client.call("POST", at("localhost", "/rows"), Map.of(), rows))
                    .isEqualTo(new Outcome.Answered(200));
            rows = null;
            await().atMost(LIMIT).until(() -> {
                System.gc();
                return sent.get() == null;
            });
        }
    }

    @Test
    void reachesNothingOnceClosed() {
        EndpointClient client = allowed();
        client.close();
        assertThat(client.call("POST", at("localhost", "/rows"), Map.of(), ROWS))
                .isInstanceOf(Outcome.NotReached.class);
    }

    @Test
    void hidesAnswersOfEndpointsAndLimitsTime() throws IOException {
        try (ServerSocket odd = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                EndpointClient client = new EndpointClient(EndpointAccess.of("localhost"), Duration.ofMillis(300))) {
            Thread.ofVirtual().start(() -> {
                try (var socket = odd.accept()) {
                    socket.getOutputStream().write("SSH-2.0-secret\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                    socket.getInputStream().readAllBytes();
                } catch (IOException _) {
                    // The client went.
                }
            });
            URI there = URI.create("http://localhost:" + odd.getLocalPort() + "/");
            for (int time = 0; time < 2; time++) {
                assertThat(client.call("POST", there, Map.of(), ROWS))
                        .isInstanceOfSatisfying(
                                Outcome.NotReached.class,
                                not -> assertThat(not.why())
                                        .doesNotContain("secret")
                                        .contains("can't be reached"));
            }
        }
    }
}
