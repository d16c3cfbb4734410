package io.muster.api.access;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Remembers the sign-in links that were used, in the memory of each instance. Thread-safe. Decided in ADR 0023. */
public final class SignInLinks {
    /** Bounds how long a link can be used after it was made. */
    public static final Duration LIFE = Duration.ofMinutes(10);

    private final Instant startedAt;
    /** Holds used links, and until when each could have been used. */
    private final Map<String, Instant> used = new HashMap<>();

    /**
     * Begins without a used link; links that were made before now are refused.
     *
     * @param now from when on links count: which older ones were used is not known any more
     */
    public SignInLinks(Instant now) {
        this.startedAt = Instant.ofEpochSecond(now.getEpochSecond());
    }

    /**
     * Takes a link for the first and last time.
     *
     * @param link the signature of its token: its address can be written in many ways
     * @return whether the link is unused, valid now, of this run of the program, and no longer valid than a link may be
     */
    synchronized boolean use(String link, Instant expiry, Instant now) {
        used.values().removeIf(now::isAfter);
        boolean fresh = !now.isAfter(expiry)
                && !expiry.isAfter(now.plus(LIFE))
                && !expiry.minus(LIFE).isBefore(startedAt);
        return fresh && used.putIfAbsent(link, expiry) == null;
    }
}
