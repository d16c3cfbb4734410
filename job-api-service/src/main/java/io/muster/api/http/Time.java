package io.muster.api.http;

import java.time.Instant;
import java.time.InstantSource;

/** Gives routes the time. It is a type of its own because Micronaut injects clocks of its own. */
public record Time(InstantSource source) {
    public Instant now() {
        return source.instant();
    }
}
