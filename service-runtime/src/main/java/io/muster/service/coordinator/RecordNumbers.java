package io.muster.service.coordinator;

import io.muster.service.UnusableStateException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Numbers the records of topics that are partitioned alike: no two records of a topic have the same, and of one key later records have
 * larger ones, also after the topic got more partitions, whose offsets begin at 0 again (docs/operate/growing.md). For one task.
 */
public final class RecordNumbers {
    /** Names what is added to every number; absent before the topics got more partitions. */
    public static final String BASE = "base";

    /** Names for how many partitions the state of this task was made. */
    public static final String PARTITIONS = "partitions";

    private final KeyValueStore<String, Long> store;
    private final long base;
    private final int partitions;
    private boolean noted;

    /**
     * Reads the base from which numbers go on.
     *
     * @param store of this task
     * @param partitions how many the topics have
     * @throws UnusableStateException where topics were given more partitions and the task's state was left where it was, or where the
     *     store holds an entry that is no number: somebody wrote into its changelog
     */
    public RecordNumbers(KeyValueStore<String, Long> store, int partitions) {
        @Nullable Long known = number(store, PARTITIONS);
        if (known != null && known != partitions) {
            throw new UnusableStateException("The state was made for " + known + " partitions, and the topics have "
                    + partitions + ": the state is to be moved first. See docs/operate/growing.md.");
        }
        this.store = store;
        this.noted = known != null;
        @Nullable Long added = number(store, BASE);
        this.base = added == null ? 0 : added;
        this.partitions = partitions;
    }

    private static @Nullable Long number(KeyValueStore<String, Long> store, String key) {
        try {
            return store.get(key);
        } catch (SerializationException _) {
            throw new UnusableStateException(
                    "The state holds an entry that is no number: restore the changelog of this store from a backup"
                            + " (docs/operate/backup.md), store=" + store.name() + " key=" + key);
        }
    }

    /** Returns the number of the record there. */
    public long of(RecordMetadata position) {
        if (!noted) {
            store.put(PARTITIONS, (long) partitions);
            noted = true;
        }
        return base + position.offset() * partitions + position.partition();
    }
}
