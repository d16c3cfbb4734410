package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class OperationsServerTest {
    private static final int HALF_SENT = 50;

    private final AtomicBoolean ready = new AtomicBoolean();
    private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private static HttpResponse<String> get(HttpClient http, OperationsServer server, String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void answersWhetherItLivesIsReadyAndCountsWhat() throws Exception {
        meters.counter("things").increment();
        try (OperationsServer server =
                        OperationsServer.start(new OperationsServer.Address("127.0.0.1", 0), meters, ready::get);
                HttpClient http = HttpClient.newHttpClient()) {
            assertThat(get(http, server, "/health/live").statusCode()).isEqualTo(200);
            assertThat(get(http, server, "/health/ready").statusCode()).isEqualTo(503);
            ready.set(true);
            assertThat(get(http, server, "/health/ready").statusCode()).isEqualTo(200);
            assertThat(get(http, server, "/metrics").body()).contains("things_total 1.0");
        }
    }

    /** A request that never ends, and a scraper that stands still: neither may make liveness fail. */
    @Test
    void requestsThatAreHalfSentKeepNobodyWaiting() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try (OperationsServer server =
                        OperationsServer.start(new OperationsServer.Address("127.0.0.1", 0), meters, ready::get);
                HttpClient http = HttpClient.newHttpClient()) {
            for (int i = 0; i < HALF_SENT; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
                socket.getOutputStream().write("GET /met".getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            assertThat(get(http, server, "/health/live").statusCode()).isEqualTo(200);
            slow.getFirst().setSoTimeout(60_000);
            assertThat(slow.getFirst().getInputStream().read())
                    .as("is closed within its limit")
                    .isEqualTo(-1);
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }
}
