package io.muster.api.http;

import io.micronaut.http.HttpRequest;
import io.muster.api.access.Caller;

/** Tells routes who asks. */
public final class Callers {
    private Callers() {}

    /** Returns the caller. @throws java.util.NoSuchElementException where nobody had to show a token */
    public static Caller of(HttpRequest<?> request) {
        return GateFilter.caller(request);
    }
}
