package io.muster.planner.job.topology;

import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.Job;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Counts the jobs of all partitions, where their number is limited, by a copy of the topic that is some milliseconds behind. Values stay bytes: they
 * are restored without being read, and a value that is no job counts as none.
 */
public final class ActiveJobs implements Processor<String, byte[], Void, Void> {
    /** Names the global store, by job id. */
    public static final String STORE = "all-jobs";

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private KeyValueStore<String, byte[]> store;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        this.store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        if (record.key() != null) {
            store.put(record.key(), record.value());
        }
    }

    /** Returns how many have not ended. @param own this partition's, which are exact; all may hold them too */
    static long count(
            ReadOnlyKeyValueStore<String, Job> own, ReadOnlyKeyValueStore<String, byte[]> all, RecordCodec<Job> codec) {
        long active = 0;
        try (KeyValueIterator<String, Job> jobs = own.all()) {
            while (jobs.hasNext()) {
                active += jobs.next().value.getEndedAt() == null ? 1 : 0;
            }
        }
        try (KeyValueIterator<String, byte[]> jobs = all.all()) {
            while (jobs.hasNext()) {
                KeyValue<String, byte[]> job = jobs.next();
                active += own.get(job.key) == null && isActive(job.value, codec) ? 1 : 0;
            }
        }
        return active;
    }

    private static boolean isActive(byte @Nullable [] job, RecordCodec<Job> codec) {
        try {
            return job != null && codec.decode(job).getEndedAt() == null;
        } catch (UndecodableRecordException _) {
            return false;
        }
    }
}
