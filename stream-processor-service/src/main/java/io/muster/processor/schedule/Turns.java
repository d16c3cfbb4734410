package io.muster.processor.schedule;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;

/** Bounds how many calls are carried out at once for one receiver, so that one which hangs leaves the others theirs. Thread-safe. */
final class Turns {
    private record Turn(Semaphore free, int users) {}

    private final int most;
    private final ConcurrentMap<String, Turn> byReceiver = new ConcurrentHashMap<>();

    /** Makes one. @param most calls of one receiver at once */
    Turns(int most) {
        this.most = most;
    }

    /** Waits for a turn, until {@link Taken#close}. */
    Taken take(String receiver) throws InterruptedException {
        Turn turn = byReceiver.compute(
                receiver,
                (_, known) ->
                        known == null ? new Turn(new Semaphore(most), 1) : new Turn(known.free(), known.users() + 1));
        try {
            turn.free().acquire();
        } catch (InterruptedException e) {
            leave(receiver);
            throw e;
        }
        return () -> {
            turn.free().release();
            leave(receiver);
        };
    }

    /** Counts the calls that wait for a turn. */
    int waiting(String receiver) {
        Turn turn = byReceiver.get(receiver);
        return turn == null ? 0 : turn.free().getQueueLength();
    }

    private void leave(String receiver) {
        byReceiver.computeIfPresent(
                receiver, (_, known) -> known.users() == 1 ? null : new Turn(known.free(), known.users() - 1));
    }

    /** Is a turn, as long as it is not closed. */
    interface Taken extends AutoCloseable {
        @Override
        void close();
    }
}
