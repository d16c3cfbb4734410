package io.muster.service;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;

/**
 * Answers the people and machines that operate a service, over plain HTTP: {@code /health/live}, {@code /health/ready} (200 or
 * 503) and {@code /metrics} in Prometheus' text format. A slow client keeps no other waiting.
 */
public final class OperationsServer implements AutoCloseable {
    private static final String TEXT = "text/plain; charset=utf-8";
    /** Bounds the JDK's server, which has no bounds by itself: seconds for a request and for an answer, and connections. */
    private static final Map<String, String> BOUNDS = Map.of(
            "sun.net.httpserver.maxReqTime", "10",
            "sun.net.httpserver.maxRspTime", "30",
            "jdk.httpserver.maxConnections", "200");

    static {
        BOUNDS.forEach((name, value) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, value);
            }
        });
    }

    private final HttpServer server;
    private final ExecutorService executor;

    /** Says where it listens; port 0 is any free one. */
    public record Address(String host, int port) {
        /** Reads {@code operations.host} and {@code operations.port}. */
        public static Address from(Settings settings) {
            return new Address(settings.text("operations.host", "127.0.0.1"), settings.number("operations.port", 0));
        }
    }

    private OperationsServer(HttpServer server, ExecutorService executor) {
        this.server = server;
        this.executor = executor;
    }

    /** Opens the port and answers on it. @throws SettingsException when the port is taken */
    public static OperationsServer start(Address address, PrometheusMeterRegistry meters, BooleanSupplier ready) {
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(address.host(), address.port()), 0);
        } catch (IOException e) {
            throw new SettingsException("The operations port " + address.port() + " on " + address.host()
                    + " can't be opened (" + e.getMessage() + "): choose another operations.port.");
        }
        ExecutorService executor = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("operations-", 0).factory());
        server.setExecutor(executor);
        server.createContext("/health/live", exchange -> answer(exchange, 200, TEXT, "live\n"));
        server.createContext("/health/ready", exchange -> {
            boolean isReady = ready.getAsBoolean();
            answer(exchange, isReady ? 200 : 503, TEXT, isReady ? "ready\n" : "starting\n");
        });
        server.createContext(
                "/metrics", exchange -> answer(exchange, 200, "text/plain; version=0.0.4", meters.scrape()));
        server.start();
        return new OperationsServer(server, executor);
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }

    private static void answer(HttpExchange exchange, int status, String contentType, String body) throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", contentType);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }
}
