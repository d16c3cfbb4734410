package io.muster.node.output;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what is under way over one connection, of all attempts together: a chunk that has no room waits, and so do those behind it of its attempt.
 * Attempts that wait have their turns. Thread-safe.
 */
public final class OutputWindow {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int chunks;
    private int bytes;

    /** Makes one. @param chunks and @param bytes bound what is sent and not acknowledged */
    public OutputWindow(int chunks, int bytes) {
        this.chunks = chunks;
        this.bytes = bytes;
    }

    /** Returns a link within this window. @param sender begins to send a chunk */
    public OutputLink link(Function<Chunk, ? extends CompletionStage<Void>> sender) {
        return new OutputLink() {
            @Override
            public Optional<CompletionStage<Void>> send(Chunk chunk) {
                if (!take(chunk.bytes().length)) {
                    return Optional.empty();
                }
                return Optional.of(sender.apply(chunk).whenComplete((_, _) -> giveBack(chunk.bytes().length)));
            }

            @Override
            public void whenRoom(Runnable again) {
                waitForRoom(again);
            }
        };
    }

    private synchronized boolean take(int count) {
        if (chunks == 0 || bytes < count) {
            return false;
        }
        chunks--;
        bytes -= count;
        return true;
    }

    private void giveBack(int count) {
        int turns;
        synchronized (this) {
            chunks++;
            bytes += count;
            turns = waiting.size();
        }
        for (; turns > 0; turns--) {
            Runnable next = next();
            if (next == null) {
                return;
            }
            next.run();
        }
    }

    private synchronized @Nullable Runnable next() {
        return chunks == 0 ? null : waiting.poll();
    }

    /** Calls those that wait when something is acknowledged; something is under way, or there would be room. */
    private synchronized void waitForRoom(Runnable again) {
        waiting.add(again);
    }
}
