package io.muster.planner.job.topology;

import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.Job;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/** Counts the jobs of all partitions, where their number is limited, by a copy of their topic; a value that is no job counts as none. */
public final class ActiveJobs {
    /** Names the global store with the copy, by job id. */
    public static final String STORE = "all-jobs";

    private ActiveJobs() {}

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
