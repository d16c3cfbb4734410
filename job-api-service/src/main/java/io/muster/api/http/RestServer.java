package io.muster.api.http;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.exceptions.BeanInstantiationException;
import io.micronaut.http.server.exceptions.ServerStartupException;
import io.micronaut.http.ssl.CertificateProvider;
import io.micronaut.runtime.server.EmbeddedServer;
import io.muster.api.access.Audit;
import io.muster.api.access.Gate;
import io.muster.api.access.Throttles;
import io.muster.api.surface.Surface;
import io.muster.api.surface.Surfaces;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the routes over HTTP. */
public final class RestServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RestServer.class);
    private static final String CERTIFICATE = "server";

    private final ApplicationContext context;
    private final EmbeddedServer server;
    private final Workers workers;
    private final List<AutoCloseable> owned;

    /**
     * Holds how it listens.
     *
     * @param port 0 for any free one
     * @param tls empty for plain HTTP
     * @param perMinute how many requests of a kind are taken in a minute, of the kinds that are limited
     * @param connectionsPerAddress how many connections an address may have
     * @param patience with connections that are slow, or idle
     */
    public record Options(
            String host,
            int port,
            Optional<Tls> tls,
            Map<Throttles.Kind, Integer> perMinute,
            int connectionsPerAddress,
            Patience patience) {}

    /**
     * Bounds how long a connection may take.
     *
     * @param request to send a request: from its first byte to its last, and the first one from when the connection was accepted
     * @param idle without a request
     */
    public record Patience(Duration request, Duration idle) {
        public static final Patience USUAL = new Patience(Duration.ofSeconds(30), Duration.ofMinutes(2));
    }

    /** Names files in PEM, which are read again when they change. @param certificate with those that lead to its authority, in order */
    public record Tls(Path certificate, Path key) {}

    private RestServer(ApplicationContext context, EmbeddedServer server, Workers workers, List<AutoCloseable> owned) {
        this.owned = owned;
        this.workers = workers;
        this.context = context;
        this.server = server;
    }

    /**
     * Starts it.
     *
     * @param beans that the surfaces' routes need
     * @param owned of them, those that end with the server
     * @throws IOException when the port is taken or the certificate can't be used; nothing of it runs then
     */
    public static RestServer start(
            Options options,
            Surfaces surfaces,
            Gate gate,
            Audit audit,
            PrometheusMeterRegistry meters,
            InstantSource clock,
            List<Object> beans,
            List<AutoCloseable> owned)
            throws IOException {
        Workers workers = new Workers();
        ApplicationContext context = ApplicationContext.builder()
                .environmentPropertySource(false)
                .bootstrapEnvironment(false)
                .deduceEnvironment(false)
                .banner(false)
                .properties(properties(options))
                .singletons(
                        surfaces,
                        gate,
                        audit,
                        new ApiMeters(meters),
                        new ServerPipeline.Limits(options.connectionsPerAddress(), options.patience()),
                        new Time(clock),
                        new Throttles(options.perMinute()),
                        workers)
                .singletons(beans.toArray())
                .build();
        try {
            context.start();
            if (options.tls().isPresent()) {
                // Reads the files: where it can't, the server would say no more than that it does not start.
                context.getBean(CertificateProvider.class);
            }
            return new RestServer(context, context.getBean(EmbeddedServer.class).start(), workers, owned);
        } catch (RuntimeException e) {
            context.close();
            workers.close();
            close(owned);
            throw new IOException(reason(options, e), e);
        }
    }

    private static String reason(Options options, RuntimeException failure) {
        if (failure instanceof ServerStartupException) {
            return "The REST port " + options.port() + " on " + options.host() + " can't be opened: choose another.";
        }
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return options.tls()
                        .filter(_ -> failure instanceof BeanInstantiationException)
                        .map(tls -> "The certificate " + tls.certificate() + " with the key " + tls.key()
                                + " can't be used for REST")
                        .orElse("The REST server can't be started")
                + ": " + cause.getMessage() + ".";
    }

    public int port() {
        return server.getPort();
    }

    private static Map<String, Object> properties(Options options) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("micronaut.application.name", "job-api-service");
        properties.put("micronaut.server.host", options.host());
        // RequestGuard holds bodies of known length to the surface's limit; this, what is read into memory.
        properties.put("micronaut.server.max-request-size", Long.MAX_VALUE);
        // Each request shows a token, or a cookie that browsers send from our own page alone: its Origin proves nothing
        // more, and is refused without a reason.
        properties.put("micronaut.server.cors.localhost-pass-through", true);
        properties.put("micronaut.server.max-request-buffer-size", Surface.LARGEST_BODY);
        properties.put("micronaut.server.netty.max-initial-line-length", RequestRules.LONGEST_READ_LINE);
        properties.put("micronaut.server.netty.max-header-size", RequestRules.LARGEST_HEADERS);
        // RequestGuard has stricter ones of its own until a connection is a WebSocket. A gateway ends silent devices
        // itself, and lets them be silent for so long.
        for (String timeout : List.of("idle-timeout", "read-idle-timeout", "write-idle-timeout")) {
            properties.put("micronaut.server." + timeout, "30m");
        }
        int port = options.port() == 0 ? -1 : options.port();
        if (options.tls().isPresent()) {
            Tls tls = options.tls().get();
            properties.put("micronaut.server.ssl.enabled", true);
            properties.put("micronaut.server.ssl.port", port);
            properties.put("micronaut.server.ssl.key-name", CERTIFICATE);
            properties.put("micronaut.certificate.file." + CERTIFICATE + ".format", "PEM");
            properties.put("micronaut.certificate.file." + CERTIFICATE + ".path", tls.key());
            properties.put("micronaut.certificate.file." + CERTIFICATE + ".certificate-path", tls.certificate());
            // A watcher sees no file of a Kubernetes secret change.
            properties.put("micronaut.certificate.file." + CERTIFICATE + ".refresh-mode", "SCHEDULER");
            properties.put("micronaut.certificate.file." + CERTIFICATE + ".refresh-interval", "10s");
            properties.put("micronaut.server.ssl.protocols", "TLSv1.3,TLSv1.2");
            // Ten seconds would be over on a machine that has other things to do, and RequestGuard ends what is slow.
            properties.put(
                    "micronaut.server.ssl.handshake-timeout", options.patience().request());
        } else {
            properties.put("micronaut.server.port", port);
        }
        return properties;
    }

    @Override
    public void close() {
        close(owned);
        server.stop();
        context.close();
        workers.close();
    }

    private static void close(List<AutoCloseable> owned) {
        for (AutoCloseable one : owned) {
            try {
                one.close();
            } catch (Exception e) {
                LOG.warn("A part of the API can't be closed, reason={}", e.toString());
            }
        }
    }
}
