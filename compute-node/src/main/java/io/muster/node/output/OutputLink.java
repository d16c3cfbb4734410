package io.muster.node.output;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Sends chunks of one attempt over one connection. */
public interface OutputLink {
    /**
     * Begins to send a chunk; returns at once.
     *
     * @return ends well when the hub has it, and fails where it may not have it; empty where there is no room for it
     */
    Optional<CompletionStage<Void>> send(Chunk chunk);

    /** Has that called once, when there is room. */
    void whenRoom(Runnable again);
}
