package io.muster.processor.engine.topology;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Paces the commits of a task: at once, when it has not for a while, and then no more often than the pace. Records that
 * were only read wait for Kafka Streams' own interval. The more stream jobs a process runs, the slower the pace: each commit costs the broker's time, which all share. For
 * one task.
 */
public final class Pace {
    /** Says how often to {@link #poll}. */
    public static final Duration POLL = Duration.ofMillis(20);

    private final ProcessorContext<?, ?> context;
    private final LongSupplier millis;
    private final Runnable before;
    private long last;
    private boolean waits;

    /** Paces one task. @param millis between commits; asked again and again @param before runs before a commit, and may forward */
    Pace(ProcessorContext<?, ?> context, LongSupplier millis, Runnable before) {
        this.context = context;
        this.millis = millis;
        this.before = before;
    }

    /** Notes that there is something to commit. */
    void worked() {
        waits = true;
        poll();
    }

    /** Commits what waits, when it is time; to be called now and then. */
    void poll() {
        long now = context.currentSystemTimeMs();
        if (waits && now - last >= millis.getAsLong()) {
            waits = false;
            last = now;
            before.run();
            context.commit();
        }
    }
}
