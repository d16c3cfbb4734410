package io.muster.api.http;

import java.time.Instant;
import java.time.InstantSource;

/** The clock of the routes. A type of its own, since Micronaut has clocks of its own to inject. */
public record Time(InstantSource source) {
    public Instant now() {
        return source.instant();
    }
}
