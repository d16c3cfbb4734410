package io.muster.api.compute;

import io.muster.records.TaskOutput;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** Reads the output of tasks. Blocks its caller: not for an event loop. Thread-safe. */
public interface TaskOutputs {
    /**
     * Begins to read a task's output, up to what is there now.
     *
     * @param since when it may have begun
     * @param until when it had ended; empty where it goes on
     * @throws IOException when it can't be read; so does the reader
     */
    Reader open(String poolId, String taskId, Instant since, Optional<Instant> until) throws IOException;

    /**
     * Begins to follow the output of a task that goes on. The reader is empty where nothing more is there yet: it may be asked again.
     *
     * @param since when it may have begun
     * @throws IOException when it can't be read; so does the reader
     */
    Reader follow(String poolId, String taskId, Instant since) throws IOException;

    /** Reads one range. For one thread. */
    interface Reader extends AutoCloseable {
        /**
         * Returns the next chunk, as it was written: some may come twice. Each call takes one bounded step through what others wrote: empty where that brought none,
         * and at the end.
         */
        Optional<TaskOutput> next() throws IOException;

        /** Returns whether all has been read that was there when it was asked last. */
        boolean isAtEnd();

        /** Returns since when output is kept, where what the task may have written before that has expired; empty where nothing has. */
        Optional<Instant> keptSince();

        /** Returns the position of the chunk that was read last, or one behind it where others have written since. */
        long position();

        /**
         * Goes on where a reader of the same output was, before anything is read.
         *
         * @return false where the log has no such position: nothing is changed then
         */
        boolean goTo(long position);

        @Override
        void close();
    }
}
