package io.muster.planner.job.stream;

import io.muster.records.Job;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** The jobs of all partitions, where their number is limited: a copy of the topic, some milliseconds behind it. */
public final class ActiveJobs implements Processor<String, Job, Void, Void> {
    /** The global store, by job id. */
    public static final String STORE = "all-jobs";

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private KeyValueStore<String, Job> store;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        this.store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, Job> record) {
        store.put(record.key(), record.value());
    }

    /** How many have not ended. @param own this partition's, which are exact; all may hold them too */
    static long count(ReadOnlyKeyValueStore<String, Job> own, ReadOnlyKeyValueStore<String, Job> all) {
        long active = 0;
        try (KeyValueIterator<String, Job> jobs = own.all()) {
            while (jobs.hasNext()) {
                active += jobs.next().value.getEndedAt() == null ? 1 : 0;
            }
        }
        try (KeyValueIterator<String, Job> jobs = all.all()) {
            while (jobs.hasNext()) {
                KeyValue<String, Job> job = jobs.next();
                active += job.value.getEndedAt() == null && own.get(job.key) == null ? 1 : 0;
            }
        }
        return active;
    }
}
