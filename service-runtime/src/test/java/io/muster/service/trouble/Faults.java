package io.muster.service.trouble;

import io.muster.service.EndOffsets;
import io.muster.service.LogFollower;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;

/** Stands between a loop and its clients, counts their calls together, and fails one of them. To end a client never fails. Thread-safe. */
public final class Faults {
    private static final Set<String> ENDS = Set.of("wakeup", "close");
    private static final Duration READING = Duration.ofMillis(1500);

    private final AtomicInteger calls = new AtomicInteger();
    private final int failing;
    private final Supplier<? extends Throwable> trouble;

    /** @param failing the number of the call that fails, from 1; 0 for none */
    public Faults(int failing, Supplier<? extends Throwable> trouble) {
        this.failing = failing;
        this.trouble = trouble;
    }

    /** Returns the client, whose calls are counted. @param type an interface of it */
    public <T> T of(Class<? super T> type, T client) {
        @SuppressWarnings("unchecked") // It is of the client's own interface.
        T counted = (T) Proxy.newProxyInstance(
                Faults.class.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
                    if (!ENDS.contains(method.getName())) {
                        reach();
                    }
                    try {
                        return method.invoke(client, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return counted;
    }

    /**
     * Returns the log, for followers whose calls are counted, and whose clock runs so fast that they ask the brokers at each poll.
     *
     * @param fatal takes the reason why a follower ends its service
     */
    public LogFollower.Source source(MemoryLog<String> log, java.util.function.Consumer<String> fatal) {
        AtomicLong clock = new AtomicLong();
        return new LogFollower.Source(
                () -> {
                    reach();
                    return of(Consumer.class, log.consumer());
                },
                () -> {
                    reach();
                    return of(EndOffsets.class, log.ends());
                },
                fatal,
                Duration.ofMillis(1),
                () -> clock.addAndGet(READING.toNanos()));
    }

    /** Counts a call that goes through no client, as one of a reader or the making of a client. */
    public void reach() {
        if (calls.incrementAndGet() == failing) {
            throw Faults.<RuntimeException>unchecked(trouble.get());
        }
    }

    /** Returns how many calls there were. */
    public int calls() {
        return calls.get();
    }

    /** Returns whether the call has failed that was to fail, and at least one was made behind it. */
    public boolean areOver() {
        return calls.get() > failing;
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // All that is made is unchecked already.
    private static <E extends Throwable> E unchecked(Throwable trouble) throws E {
        throw (E) trouble;
    }
}
