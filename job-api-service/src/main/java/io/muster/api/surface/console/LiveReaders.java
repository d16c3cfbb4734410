package io.muster.api.surface.console;

import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/** Counts who reads live events, so that one caller leaves room for others, and ends them when the service ends. Thread-safe. */
public final class LiveReaders implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveReaders.class);
    private static final int OF_A_CALLER = 64;
    private static final int OF_ALL = 256;
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final Sinks.Empty<Void> closed = Sinks.empty();
    private final Map<String, Integer> byCaller = new HashMap<>();
    private final CountDownLatch gone = new CountDownLatch(1);
    private int all;
    private boolean ending;

    /**
     * Returns the events for a caller, whose place is free when they end.
     *
     * @throws ProblemException (429) when there is no place, (503) when the service ends
     */
    synchronized <T> Flux<T> admit(String caller, Publisher<T> events) {
        if (ending) {
            throw new ProblemException(Problem.unavailable("The service ends: try again."));
        }
        if (all >= OF_ALL || byCaller.getOrDefault(caller, 0) >= OF_A_CALLER) {
            throw new ProblemException(
                    Problem.throttled("Too many readers of live events: close one, or try again later."));
        }
        all++;
        byCaller.merge(caller, 1, Integer::sum);
        return Flux.from(events).takeUntilOther(closed.asMono()).doFinally(_ -> leave(caller));
    }

    private synchronized void leave(String caller) {
        all--;
        byCaller.computeIfPresent(caller, (_, count) -> count == 1 ? null : count - 1);
        noteGone();
    }

    private synchronized void end() {
        ending = true;
        noteGone();
    }

    private void noteGone() {
        if (ending && all == 0) {
            gone.countDown();
        }
    }

    /** Ends all of them, and waits for that. */
    @Override
    public void close() throws InterruptedException {
        end();
        closed.tryEmitEmpty();
        boolean inTime = gone.await(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        if (!inTime) {
            LOG.debug("Readers of live events are left to the server");
        }
    }
}
