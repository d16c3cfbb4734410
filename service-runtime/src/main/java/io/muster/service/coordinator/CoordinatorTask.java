package io.muster.service.coordinator;

import io.muster.service.Outbox;
import io.muster.service.state.StoreSpec;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/** Gives an aggregate its stores and its outbox. For one task. */
public final class CoordinatorTask {
    private final ProcessorContext<?, ?> context;
    private final Outbox outbox;

    CoordinatorTask(ProcessorContext<?, ?> context, Outbox outbox) {
        this.context = context;
        this.outbox = outbox;
    }

    /** Returns where records go out, within the task's transaction. */
    public Outbox outbox() {
        return outbox;
    }

    /** Returns a store that the coordinator declares. */
    public <V> KeyValueStore<String, V> store(StoreSpec<V> spec) {
        return context.getStateStore(spec.name());
    }

    /** Returns a global store of the topology. */
    public <T extends StateStore> T globalStore(String name) {
        return context.getStateStore(name);
    }
}
