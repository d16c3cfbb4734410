package io.muster.api.http;

import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** Holds a body that is made while it is sent. Blocks its caller: not for an event loop. For one thread at a time. */
public interface Pieces extends AutoCloseable {
    /** Bounds how long bytes are counted: most clients wait longer than that for an answer. */
    Duration MEASURED = Duration.ofSeconds(20);

    /** Returns the next piece, made in a bounded step: empty where that brought nothing; null behind the last one. */
    byte @Nullable [] next() throws IOException;

    @Override
    void close() throws IOException;

    /**
     * Returns how many bytes there are, and reads all for that.
     *
     * @param instead says what to ask for where that takes too long, as the end of a sentence
     * @throws ProblemException (503) where {@link #MEASURED} does not suffice
     */
    default long length(InstantSource clock, String instead) throws IOException {
        Instant until = clock.instant().plus(MEASURED);
        long length = 0;
        for (byte[] piece = next(); piece != null; piece = next()) {
            length += piece.length;
            if (clock.instant().isAfter(until)) {
                throw new ProblemException(
                        Problem.unavailable("Its length can't be found within " + MEASURED.toSeconds()
                                + " seconds, since much output of others lies between its parts: " + instead));
            }
        }
        return length;
    }

    /** Returns the same pieces, behind whose end something else is done. */
    default Pieces andThen(Runnable closed) {
        Pieces pieces = this;
        return new Pieces() {
            @Override
            public byte @Nullable [] next() throws IOException {
                return pieces.next();
            }

            @Override
            public void close() throws IOException {
                try {
                    pieces.close();
                } finally {
                    closed.run();
                }
            }
        };
    }
}
