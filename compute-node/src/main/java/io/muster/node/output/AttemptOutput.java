package io.muster.node.output;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends the output of one attempt. Chunks go out at once, then at most every {@link #PAUSE} or when {@value #CHUNK} bytes wait, and again over
 * the next connection until they are acknowledged. A writer waits while too much is unacknowledged. The two streams' order is kept, but where they
 * alternate more than {@value #MOST_SEGMENTS} times within a pause. Thread-safe.
 */
public final class AttemptOutput {
    /** Bounds a chunk. */
    public static final int CHUNK = 64 * 1024;

    static final Duration PAUSE = Duration.ofMillis(100);
    /** Is waited until what failed is sent again over the same connection, if that lives on. */
    static final Duration BEFORE_AGAIN = Duration.ofMillis(500);

    static final int MOST_SEGMENTS = 16;
    /** Bounds chunks that are not acknowledged before more are made, unless they are full. */
    static final int MOST_CHUNKS = 8;

    /** Bounds what is written and not acknowledged. */
    static final int MOST_BYTES = 4 * CHUNK;

    private static final class Sent {
        private final Chunk chunk;
        private boolean underWay;
        private boolean acknowledged;

        Sent(Chunk chunk) {
            this.chunk = chunk;
        }
    }

    private record Segment(Stream stream, ByteArrayOutputStream bytes) {}

    private final OutputBudget budget;
    private final ScheduledExecutorService timer;
    private final Runnable delivered;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final List<Segment> segments = new ArrayList<>();
    private final Deque<Sent> unacknowledged = new ArrayDeque<>();
    private Optional<OutputLink> link = Optional.empty();
    /** Grows whenever chunks are sent anew: answers to what was sent before count no more. */
    private int round;

    private int waiting;
    private int kept;
    private long offset;
    private long sealedAt;
    private boolean sealIsDue;
    private boolean waitsForRoom;
    private boolean ended;
    private boolean dropped;
    private boolean announced;

    /** Makes one. @param delivered is called once, when the output has ended and the hub has all of it */
    public AttemptOutput(OutputBudget budget, ScheduledExecutorService timer, Runnable delivered) {
        this.budget = budget;
        this.timer = timer;
        this.delivered = delivered;
        this.sealedAt = System.nanoTime() - PAUSE.toNanos();
    }

    /** Takes output. Waits while too much is not acknowledged; an interrupt drops it. */
    public void write(Stream stream, ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                int count = Math.min(bytes.remaining(), CHUNK);
                budget.take(count);
                append(stream, bytes, count);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void append(Stream stream, ByteBuffer bytes, int count) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!dropped && kept > 0 && kept + count > MOST_BYTES) {
                room.await();
            }
            byte[] copy = new byte[count];
            bytes.get(copy);
            if (dropped) {
                budget.giveBack(count);
                return;
            }
            if (waiting + count > CHUNK) {
                seal();
            }
            kept += count;
            waiting += count;
            segment(stream).bytes().writeBytes(copy);
            if (waiting >= CHUNK) {
                seal();
            } else if (!sealIsDue) {
                sealLater();
            }
        } catch (InterruptedException e) {
            budget.giveBack(count);
            throw e;
        } finally {
            lock.unlock();
        }
    }

    private Segment segment(Stream stream) {
        for (Segment segment : segments.reversed()) {
            if (segment.stream() == stream) {
                if (segment == segments.getLast() || segments.size() >= MOST_SEGMENTS) {
                    return segment;
                }
                break;
            }
        }
        Segment next = new Segment(stream, new ByteArrayOutputStream());
        segments.add(next);
        return next;
    }

    private void sealLater() {
        long wait = sealedAt + PAUSE.toNanos() - System.nanoTime();
        if (wait <= 0) {
            seal();
            return;
        }
        sealIsDue = true;
        try {
            timer.schedule(this::sealNow, wait, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            seal();
        }
    }

    private void sealNow() {
        lock.lock();
        try {
            sealIsDue = false;
            if (unacknowledged.size() < MOST_CHUNKS || ended) {
                seal();
            } else {
                sealedAt = System.nanoTime();
                sealLater();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes chunks of what was written since the last ones. */
    private void seal() {
        sealedAt = System.nanoTime();
        for (Segment segment : segments) {
            byte[] bytes = segment.bytes().toByteArray();
            unacknowledged.add(new Sent(new Chunk(segment.stream(), offset, bytes)));
            offset += bytes.length;
        }
        segments.clear();
        waiting = 0;
        send();
    }

    private void send() {
        if (link.isEmpty()) {
            return;
        }
        OutputLink over = link.get();
        int of = round;
        for (Sent sent : List.copyOf(unacknowledged)) {
            if (of != round) {
                return;
            }
            if (sent.underWay || sent.acknowledged) {
                continue;
            }
            Optional<CompletionStage<Void>> answer = over.send(sent.chunk);
            if (answer.isEmpty()) {
                if (!waitsForRoom) {
                    waitsForRoom = true;
                    over.whenRoom(() -> roomFound(over));
                }
                return;
            }
            sent.underWay = true;
            answer.get().whenComplete((_, error) -> answered(of, sent, error == null));
        }
    }

    private void roomFound(OutputLink over) {
        lock.lock();
        try {
            if (link.isPresent() && link.get() == over) {
                waitsForRoom = false;
                send();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Notes an answer. What the hub may not have is sent again, with those behind it: over the next connection, or over this one, if that lives on. */
    private void answered(int of, Sent sent, boolean isAcknowledged) {
        boolean isDelivered;
        lock.lock();
        try {
            if (of != round || link.isEmpty()) {
                return;
            }
            if (!isAcknowledged) {
                rewind();
                sendAgainSoon(round);
                return;
            }
            sent.acknowledged = true;
            while (!unacknowledged.isEmpty() && unacknowledged.getFirst().acknowledged) {
                release(unacknowledged.removeFirst().chunk.bytes().length);
            }
            isDelivered = isDelivered();
        } finally {
            lock.unlock();
        }
        if (isDelivered) {
            delivered.run();
        }
    }

    private void release(int bytes) {
        kept -= bytes;
        budget.giveBack(bytes);
        room.signalAll();
    }

    /** Sends over that connection from now on, first what was not acknowledged; over none where it is empty. */
    public void use(Optional<OutputLink> next) {
        lock.lock();
        try {
            link = next;
            waitsForRoom = false;
            rewind();
            send();
        } finally {
            lock.unlock();
        }
    }

    /** Has all that is not acknowledged sent anew. Chunks behind a lost one are sent again too: they come in order. */
    private void rewind() {
        round++;
        unacknowledged.forEach(sent -> {
            sent.underWay = false;
            sent.acknowledged = false;
        });
    }

    private void sendAgainSoon(int of) {
        try {
            timer.schedule(() -> sendAgain(of), BEFORE_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException _) {
            // The node ends: nobody waits for its output any more.
        }
    }

    private void sendAgain(int of) {
        lock.lock();
        try {
            if (of == round) {
                send();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more output; to be called behind the last {@link #write}. */
    public void end() {
        boolean isDelivered;
        lock.lock();
        try {
            ended = true;
            seal();
            isDelivered = isDelivered();
        } finally {
            lock.unlock();
        }
        if (isDelivered) {
            delivered.run();
        }
    }

    /** Drops what is not acknowledged, and what is still to come. */
    public void drop() {
        boolean isDelivered;
        lock.lock();
        try {
            dropped = true;
            segments.clear();
            unacknowledged.clear();
            waiting = 0;
            release(kept);
            isDelivered = isDelivered();
        } finally {
            lock.unlock();
        }
        if (isDelivered) {
            delivered.run();
        }
    }

    private boolean isDelivered() {
        boolean now = ended && unacknowledged.isEmpty() && !announced;
        announced |= now;
        return now;
    }
}
