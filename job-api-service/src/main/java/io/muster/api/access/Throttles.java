package io.muster.api.access;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Limits how many requests of a kind this instance takes of each caller; callers have separate shares. A kind may use up to ten seconds' worth at once.
 * Thread-safe. Contract: iot-hub, 1.10 (429001).
 */
public final class Throttles {
    /** Names the kinds of requests that are limited. */
    public enum Kind {
        REGISTRY,
        TWINS,
        METHODS,
        JOBS,
        QUERIES,
        MESSAGES,
        /** Requests to IoT Central's API, which has a limit unless it is set to none. Contract: iot-central, 1.1. */
        CENTRAL(1200);

        private final int usualPerMinute;

        Kind() {
            this(0);
        }

        Kind(int usualPerMinute) {
            this.usualPerMinute = usualPerMinute;
        }

        /** Returns how many are taken where nothing is set; 0 for any number. */
        public int usualPerMinute() {
            return usualPerMinute;
        }
    }

    private record Use(String caller, Kind kind) {}

    private final Map<Kind, Integer> perMinute;
    /** Holds as many buckets as programs and people call the API. */
    private final Map<Use, Bucket> buckets = new ConcurrentHashMap<>();

    /** Limits requests by their kind; a kind without a number is not limited. @param perMinute requests a minute of the kinds that are limited */
    public Throttles(Map<Kind, Integer> perMinute) {
        this.perMinute = Map.copyOf(perMinute);
    }

    /** Counts a request. @param caller see {@link Caller#id} @return how long to wait if it is one too many */
    public Optional<Duration> take(String caller, Kind kind, Instant now) {
        @Nullable Integer limit = perMinute.get(kind);
        return limit == null
                ? Optional.empty()
                : buckets.computeIfAbsent(new Use(caller, kind), _ -> new Bucket(limit, now))
                        .take(now);
    }
}
