package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
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
    void answersLivenessReadinessAndMetrics() throws Exception {
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

    /** Answers for health while requests stand that never end, and closes these within their limit. */
    @Test
    void servesOthersBesideHalfSentRequests() throws Exception {
        try (OperationsServer server =
                        OperationsServer.start(new OperationsServer.Address("127.0.0.1", 0), meters, ready::get);
                HttpClient http = HttpClient.newHttpClient()) {
            boolean answeredMeanwhile = false;
            // A machine that stands still may let the limit pass before it answers.
            for (int round = 0; round < 3 && !answeredMeanwhile; round++) {
                answeredMeanwhile = isAnsweredBeside(halfSent(server), http, server);
            }
            assertThat(answeredMeanwhile).isTrue();
        }
    }

    private static List<Socket> halfSent(OperationsServer server) throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < HALF_SENT; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
            socket.getOutputStream().write("GET /met".getBytes(StandardCharsets.US_ASCII));
            sockets.add(socket);
        }
        return sockets;
    }

    private static boolean isAnsweredBeside(List<Socket> halfSent, HttpClient http, OperationsServer server)
            throws Exception {
        try {
            assertThat(get(http, server, "/health/live").statusCode()).isEqualTo(200);
            Socket first = halfSent.getFirst();
            boolean stands = stands(first);
            first.setSoTimeout(60_000);
            assertThat(first.getInputStream().read())
                    .as("closed within its limit")
                    .isEqualTo(-1);
            return stands;
        } finally {
            for (Socket socket : halfSent) {
                socket.close();
            }
        }
    }

    private static boolean stands(Socket socket) throws IOException {
        socket.setSoTimeout(1);
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            return true;
        }
    }
}
