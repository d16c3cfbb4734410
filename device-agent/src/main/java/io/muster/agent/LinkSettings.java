package io.muster.agent;

import java.time.Duration;

/**
 * How devices hold their connections.
 *
 * @param connectsPerSecond of all devices of a network together, first and later ones alike
 * @param keepAlive as the CONNECT says it; whole seconds. A hub that says nothing for as long loses the connection
 * @param tokenLife how long a token is good; it is renewed when three quarters are over, as the SDKs do
 * @param answerLimit for the socket to open, and again for the hub to accept and subscribe
 * @param backoff between attempts
 */
public record LinkSettings(
        int connectsPerSecond, Duration keepAlive, Duration tokenLife, Duration answerLimit, Backoff backoff) {
    /** What the SDKs use, and 500 connects a second. */
    public static final LinkSettings USUAL = new LinkSettings(
            500, Duration.ofSeconds(180), Duration.ofHours(1), Duration.ofSeconds(30), Backoff.USUAL);

    private static final long LONGEST_KEEP_ALIVE_SECONDS = 65_535;

    public LinkSettings {
        if (connectsPerSecond < 1) {
            throw new IllegalArgumentException("at least one connect a second, rate=" + connectsPerSecond);
        }
        if (keepAlive.toSeconds() < 1 || keepAlive.toSeconds() > LONGEST_KEEP_ALIVE_SECONDS) {
            throw new IllegalArgumentException("keep-alive is 1 to 65535 seconds, keepAlive=" + keepAlive);
        }
        if (tokenLife.toSeconds() < 1) {
            throw new IllegalArgumentException("a token lives at least a second, tokenLife=" + tokenLife);
        }
        if (!answerLimit.isPositive()) {
            throw new IllegalArgumentException("the hub needs time to answer, answerLimit=" + answerLimit);
        }
    }

    public LinkSettings withRate(int rate) {
        return new LinkSettings(rate, keepAlive, tokenLife, answerLimit, backoff);
    }

    public LinkSettings withKeepAlive(Duration changed) {
        return new LinkSettings(connectsPerSecond, changed, tokenLife, answerLimit, backoff);
    }

    public LinkSettings withTokenLife(Duration changed) {
        return new LinkSettings(connectsPerSecond, keepAlive, changed, answerLimit, backoff);
    }

    Duration renewal() {
        return tokenLife.multipliedBy(3).dividedBy(4);
    }
}
