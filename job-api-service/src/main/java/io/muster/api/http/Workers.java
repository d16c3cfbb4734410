package io.muster.api.http;

import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs what a caller's text may make long, compiling a query above all, on threads of its own: event loops serve everybody. Few
 * threads and a short queue; beyond it a caller is asked to come again. Thread-safe.
 */
final class Workers implements AutoCloseable {
    private static final int QUEUED = 256;

    private final ThreadPoolExecutor threads;

    Workers() {
        this(Math.max(2, Runtime.getRuntime().availableProcessors()), QUEUED);
    }

    Workers(int threads, int queued) {
        this.threads = new ThreadPoolExecutor(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(queued),
                Thread.ofPlatform().daemon().name("worker-", 0).factory());
    }

    /** Returns what the work returns; ends with a {@link ProblemException} (429) when too much is queued. */
    <T> CompletableFuture<T> run(Supplier<? extends CompletionStage<T>> work) {
        try {
            return CompletableFuture.supplyAsync(work, threads).thenCompose(stage -> stage);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new ProblemException(
                    Problem.throttled("Too many queries and documents are being read: try again in a moment.")));
        }
    }

    /** As {@link #run}, of work that is done when it returns. */
    <T> CompletableFuture<T> get(Supplier<T> work) {
        return run(() -> CompletableFuture.completedFuture(work.get()));
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
