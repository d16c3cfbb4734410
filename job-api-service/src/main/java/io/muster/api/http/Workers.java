package io.muster.api.http;

import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Runs what a caller's text may make long on threads of its own: event loops, and the threads that complete replies, serve everybody. Bodies
 * are read on other threads than those that compile queries, which may take long. Few threads and bounded queues; beyond them a caller is asked
 * to come again. Thread-safe.
 */
public final class Workers implements AutoCloseable {
    private static final int QUEUED = 256;
    /** Bounds queued bodies by the default connections of an address: one address alone has none refused. */
    private static final int BODIES_QUEUED = 1000;

    private final ThreadPoolExecutor compiling;
    private final ThreadPoolExecutor reading;

    Workers() {
        this(Math.max(2, Runtime.getRuntime().availableProcessors()), QUEUED, BODIES_QUEUED);
    }

    Workers(int threads, int queued, int bodiesQueued) {
        this.compiling = pool("worker-", threads, queued);
        this.reading = pool("body-", threads, bodiesQueued);
    }

    private static ThreadPoolExecutor pool(String name, int threads, int queued) {
        return new ThreadPoolExecutor(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(queued),
                Thread.ofPlatform().daemon().name(name, 0).factory());
    }

    /** Compiles, and returns what the work returns; ends with a {@link ProblemException} (429) when too much is queued. */
    public <T> CompletableFuture<T> run(Supplier<? extends CompletionStage<T>> work) {
        return on(compiling, work);
    }

    /** Runs work as {@link #run} does; the work reads a body and compiles nothing. */
    public <T> CompletableFuture<T> read(Supplier<? extends CompletionStage<T>> work) {
        return on(reading, work);
    }

    private static <T> CompletableFuture<T> on(
            ThreadPoolExecutor threads, Supplier<? extends CompletionStage<T>> work) {
        try {
            return CompletableFuture.supplyAsync(work, threads).thenCompose(stage -> stage);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new ProblemException(
                    Problem.throttled("Too many queries and documents are being read: try again in a moment.")));
        }
    }

    /**
     * Returns a stage with the same end, behind which stages may compile. Where too much is queued it goes on where the stage ended: work that was done is
     * answered as done.
     */
    public <T> CompletableFuture<T> after(CompletableFuture<T> stage) {
        return stage.thenApplyAsync(Function.identity(), work -> {
            try {
                compiling.execute(work);
            } catch (RejectedExecutionException e) {
                work.run();
            }
        });
    }

    /** Runs work as {@link #run} does; the work is done when it returns. */
    public <T> CompletableFuture<T> get(Supplier<T> work) {
        return run(() -> CompletableFuture.completedFuture(work.get()));
    }

    @Override
    public void close() {
        compiling.shutdownNow();
        reading.shutdownNow();
    }
}
