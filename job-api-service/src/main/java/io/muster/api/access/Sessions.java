package io.muster.api.access;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Browsers that are signed in to the page of jobs, and the links that were used for it. Kept in memory: a restart ends them. The oldest
 * session ends when there are too many. Thread-safe. Decided in ADR 0023.
 */
public final class Sessions {
    /** How long a link can be used after it was made. */
    public static final Duration LINK_LIFE = Duration.ofMinutes(10);

    /** How long a browser stays signed in. */
    public static final Duration SESSION_LIFE = Duration.ofHours(8);

    private static final int MOST = 1000;
    private static final int BYTES = 32;

    private record Session(Caller caller, Instant end) {}

    private final SecureRandom random;
    private final Instant startedAt;
    private final Map<String, Session> sessions = new LinkedHashMap<>();
    /** Until when a used link would have been usable. */
    private final Map<String, Instant> used = new HashMap<>();

    /** @param now from when on links count: which older ones were used is not known any more */
    public Sessions(SecureRandom random, Instant now) {
        this.random = random;
        this.startedAt = Instant.ofEpochSecond(now.getEpochSecond());
    }

    /**
     * Takes a link for the first and last time.
     *
     * @param link what makes it that link
     * @return whether it is neither used, nor over, nor made before this program started, nor for longer than a link may be
     */
    synchronized boolean use(String link, Instant expiry, Instant now) {
        used.values().removeIf(now::isAfter);
        boolean fresh = !now.isAfter(expiry)
                && !expiry.isAfter(now.plus(LINK_LIFE))
                && !expiry.minus(LINK_LIFE).isBefore(startedAt);
        return fresh && used.putIfAbsent(link, expiry) == null;
    }

    /** Signs a browser in. @return the secret that it shows from then on */
    public synchronized String open(Caller caller, Instant now) {
        byte[] secret = new byte[BYTES];
        random.nextBytes(secret);
        String id = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        sessions.put(id, new Session(caller, now.plus(SESSION_LIFE)));
        if (sessions.size() > MOST) {
            Iterator<String> oldest = sessions.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        return id;
    }

    /** Returns who signed in with the secret, as long as the session lasts. */
    synchronized Optional<Caller> caller(String id, Instant now) {
        Session session = sessions.get(id);
        if (session != null && now.isAfter(session.end())) {
            sessions.remove(id);
            return Optional.empty();
        }
        return Optional.ofNullable(session).map(Session::caller);
    }
}
