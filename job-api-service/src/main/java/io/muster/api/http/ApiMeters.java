package io.muster.api.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.muster.api.access.Throttles;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Counts and times requests. No tag takes what a caller made up: each has few values, whatever is sent. Thread-safe. */
final class ApiMeters {
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofMinutes(5)
    };

    private final MeterRegistry meters;
    private final Counter unkept;
    private final Counter refusedConnections;

    ApiMeters(MeterRegistry meters) {
        this.meters = meters;
        this.unkept = Counter.builder("muster.api.audit.unkept")
                .description("Refused requests without a proven caller that are not in the audit log, as there were too"
                        + " many")
                .register(meters);
        this.refusedConnections = Counter.builder("muster.api.connections.refused")
                .description("Connections closed at once since their address had as many as it may have")
                .register(meters);
    }

    void refusedConnection() {
        refusedConnections.increment();
    }

    /** Counts an answer. @param code of the error; null for none */
    void answered(String method, int status, @Nullable String code) {
        Counter.builder("muster.api.answers")
                .description("Answers to requests, by method, status and error code")
                .tag("method", RequestRules.methodName(method))
                .tag("status", Integer.toString(status))
                .tag("code", code == null ? "none" : code)
                .register(meters)
                .increment();
    }

    /** Records the time that the answer to a request took. @param operation method and route; a request that no route takes has none */
    void took(String operation, Duration duration) {
        Timer.builder("muster.api.request.duration")
                .description("Time from a request's headers to its answer, by operation")
                .tag("operation", operation)
                .serviceLevelObjectives(BUCKETS)
                .register(meters)
                .record(duration);
    }

    void throttled(Throttles.Kind kind) {
        Counter.builder("muster.api.throttled")
                .description("Requests refused since their caller made too many of their kind")
                .tag("kind", kind.name().toLowerCase(Locale.ROOT))
                .register(meters)
                .increment();
    }

    void unkept() {
        unkept.increment();
    }
}
