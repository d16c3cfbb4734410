package io.muster.api.http;

import io.muster.api.access.Gate;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Adds headers by which browsers limit the use of an answer; every answer has them. */
public final class SecurityHeaders {
    public static final String POLICY = "Content-Security-Policy";

    private static final String DATA = "default-src 'none'; frame-ancestors 'none'";
    private static final String STRICT = "Strict-Transport-Security";
    private static final Map<String, String> ALWAYS = Map.of(
            POLICY,
            DATA,
            "X-Content-Type-Options",
            "nosniff",
            "X-Frame-Options",
            "DENY",
            "Referrer-Policy",
            "no-referrer");

    private SecurityHeaders() {}

    /**
     * Hands over each header that an answer gets.
     *
     * @param secure whether the connection is TLS: over plain HTTP browsers ignore what asks for it
     * @param host of the header Host; a loopback name is shared with every other program of the machine, and asks for nothing
     */
    static void each(boolean secure, @Nullable String host, BiConsumer<String, String> header) {
        ALWAYS.forEach(header);
        if (secure && !Gate.isLoopback(host)) {
            header.accept(STRICT, "max-age=31536000");
        }
    }
}
