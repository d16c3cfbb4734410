package io.muster.api.job;

import java.util.concurrent.CompletionException;

/** Finds the causes of failures of stages. */
public final class Causes {
    private Causes() {}

    /** Returns what made a stage fail: stages that follow others wrap it. */
    public static Throwable of(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }
}
