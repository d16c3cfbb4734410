package io.muster.service.state;

import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;

/**
 * Lets a processor write to a store before each commit of its task, whoever asked for the commit: Kafka Streams commits all tasks of a thread
 * together, and after an interval. State that a processor keeps in memory until then is lost with a task that ends in between, as everything is
 * that the task did since its last commit.
 */
public interface BeforeCommit {
    /** Sets what runs before each commit from now on. */
    void beforeCommit(Runnable save);

    /** Sets it for a store that a processor was given by its context. */
    static void of(StateStore store, Runnable save) {
        StateStore own = store;
        while (!(own instanceof BeforeCommit) && own instanceof WrappedStateStore<?, ?, ?> wrapping) {
            own = wrapping.wrapped();
        }
        if (!(own instanceof BeforeCommit hook)) {
            throw new IllegalArgumentException("not a store of records, store=" + store.name());
        }
        hook.beforeCommit(save);
    }
}
