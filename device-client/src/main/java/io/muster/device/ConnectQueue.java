package io.muster.device;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Holds devices that are to connect, first or again. So many begin in a second and so many are under way at once that a slow hub is not asked
 * faster than it answers. Thread-safe.
 */
final class ConnectQueue<D> {
    /** Sets how often {@link #tick} is called. */
    static final long TICK_MS = 10;

    private static final int UNDER_WAY = 256;
    private static final double TICKS_PER_SECOND = 1000.0 / TICK_MS;

    private final Queue<D> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger underWay = new AtomicInteger();
    private final double perTick;
    private double allowance;

    /** Limits how fast devices connect; the queue is empty at first. @param rate connections a second */
    ConnectQueue(int rate) {
        if (rate < 1) {
            throw new IllegalArgumentException("at least one device connects in a second, rate=" + rate);
        }
        this.perTick = rate / TICKS_PER_SECOND;
    }

    void add(D device) {
        waiting.add(device);
    }

    /** Counts an attempt as ended, good or bad. */
    void settled() {
        underWay.decrementAndGet();
    }

    /** Begins as many attempts as are allowed now. By one thread. */
    void tick(Consumer<D> connect) {
        allowance = Math.min(perTick + 1, allowance + perTick);
        while (allowance >= 1 && underWay.get() < UNDER_WAY) {
            D next = waiting.poll();
            if (next == null) {
                return;
            }
            allowance--;
            underWay.incrementAndGet();
            connect.accept(next);
        }
    }
}
