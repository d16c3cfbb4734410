package io.muster.api.http;

import io.micronaut.http.HttpRequest;
import io.muster.api.access.Caller;

/** Returns the caller of a request to its route. */
public final class Callers {
    private Callers() {}

    /** Returns the caller. @throws java.util.NoSuchElementException where nobody had to show a token */
    public static Caller of(HttpRequest<?> request) {
        return GateFilter.caller(request);
    }
}
