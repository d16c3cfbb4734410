package io.muster.api.http;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bounds what is done at once, in all and for each of those whom it is done for, so that one of them leaves room for the others. Waits on its caller's thread: not for an
 * event loop. Thread-safe.
 */
public final class Places {
    private final int all;
    private final int ofOne;
    private final Lock lock = new ReentrantLock();
    private final Condition freed = lock.newCondition();
    private final Map<String, Integer> taken = new HashMap<>();
    private int takenOfAll;

    /** Holds places until it is closed, once. */
    public interface Taken extends AutoCloseable {
        @Override
        void close();
    }

    /** Makes so many. @param ofOne of them for one at most */
    public Places(int all, int ofOne) {
        this.all = all;
        this.ofOne = ofOne;
    }

    /** Returns whether there are so many now. @param of whom they are for: each has to have room */
    boolean areLeft(List<String> of, int count) {
        lock.lock();
        try {
            return takenOfAll + count <= all
                    && of.stream().allMatch(one -> taken.getOrDefault(one, 0) + count <= ofOne);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes places.
     *
     * @param of whom they are for: each has to have room
     * @param limit how long they are waited for
     * @return empty where there are none
     */
    public Optional<Taken> take(List<String> of, int count, Duration limit) {
        lock.lock();
        try {
            long left = limit.toNanos();
            while (!areLeft(of, count)) {
                if (left <= 0) {
                    return Optional.empty();
                }
                left = freed.awaitNanos(left);
            }
            add(of, count);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            lock.unlock();
        }
        return Optional.of(() -> give(of, count));
    }

    private void give(List<String> of, int count) {
        lock.lock();
        try {
            add(of, -count);
            freed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void add(List<String> of, int count) {
        takenOfAll += count;
        of.forEach(one -> taken.merge(one, count, (before, more) -> before + more == 0 ? null : before + more));
    }
}
