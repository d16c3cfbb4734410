package io.muster.api.http;

import java.time.Instant;
import java.time.InstantSource;

/** The clock of the routes. A type of its own, since Micronaut has clocks of its own to inject. */
record Time(InstantSource source) {
    Instant now() {
        return source.instant();
    }
}
