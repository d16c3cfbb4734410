package io.muster.api.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Holds a body that is made while it is sent. Blocks its caller: not for an event loop. For one thread at a time. */
public interface Pieces extends AutoCloseable {
    /** Returns the next piece; null behind the last one. */
    byte @Nullable [] next() throws IOException;

    @Override
    void close() throws IOException;

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
