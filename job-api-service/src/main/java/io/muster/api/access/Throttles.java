package io.muster.api.access;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How many requests of a kind this instance takes of each caller, if that is limited at all: one does not take the share of
 * another. A kind may use up to ten seconds' worth at once.
 * Thread-safe. Contract: iot-hub, 1.10 (429001).
 */
public final class Throttles {
    private static final double MINUTE_MS = 60_000;
    private static final int BURSTS_A_MINUTE = 6;

    /** The kinds that IoT Hub limits. */
    public enum Kind {
        REGISTRY,
        TWINS,
        METHODS,
        JOBS,
        QUERIES,
        MESSAGES;

        static Kind of(String path) {
            if (path.startsWith("/jobs")) {
                return JOBS;
            }
            if (path.equals("/devices/query")) {
                return QUERIES;
            }
            if (path.startsWith("/twins")) {
                return path.endsWith("/methods") ? METHODS : TWINS;
            }
            return path.endsWith("/messages/devicebound") || path.endsWith("/commands") ? MESSAGES : REGISTRY;
        }
    }

    /** What is left to use, as of an instant. */
    private static final class Bucket {
        private final int perMinute;
        private double left;
        private Instant asOf;

        private Bucket(int perMinute, Instant now) {
            this.perMinute = perMinute;
            this.left = most();
            this.asOf = now;
        }

        private double most() {
            return Math.max(1, perMinute / (double) BURSTS_A_MINUTE);
        }

        private synchronized Optional<Duration> take(Instant now) {
            if (now.isAfter(asOf)) {
                left = Math.min(most(), left + Duration.between(asOf, now).toMillis() * perMinute / MINUTE_MS);
                asOf = now;
            }
            if (left >= 1) {
                left -= 1;
                return Optional.empty();
            }
            return Optional.of(Duration.ofMillis((long) Math.ceil((1 - left) * MINUTE_MS / perMinute)));
        }
    }

    private record Use(String caller, Kind kind) {}

    private final Map<Kind, Integer> perMinute;
    /** There are as many as programs and people call it. */
    private final Map<Use, Bucket> buckets = new ConcurrentHashMap<>();

    /** @param perMinute requests a minute of the kinds that are limited */
    public Throttles(Map<Kind, Integer> perMinute) {
        this.perMinute = Map.copyOf(perMinute);
    }

    /** Counts a request. @param caller see {@link Caller#id} @return how long to wait if it is one too many */
    public Optional<Duration> take(String caller, String path, Instant now) {
        Kind kind = Kind.of(path);
        @Nullable Integer limit = perMinute.get(kind);
        return limit == null
                ? Optional.empty()
                : buckets.computeIfAbsent(new Use(caller, kind), _ -> new Bucket(limit, now))
                        .take(now);
    }
}
