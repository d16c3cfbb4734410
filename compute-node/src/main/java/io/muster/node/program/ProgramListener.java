package io.muster.node.program;

import java.nio.ByteBuffer;

/** Hears of one program. Output of the two streams comes on two threads; the exit comes behind all output, once. */
public interface ProgramListener {
    /** Names a stream of output. */
    enum Stream {
        OUT,
        ERR
    }

    /**
     * Takes a chunk of output. While this method waits, the program waits too as soon as its pipe is full: this is how a listener bounds what it keeps.
     *
     * @param bytes valid during the call
     */
    void output(Stream stream, ByteBuffer bytes);

    /** Takes that its coordination command has ended with 0: it waits for {@link Program#proceed}. */
    default void coordinated() {}

    /** Takes the end. */
    void exited(Exit exit);
}
