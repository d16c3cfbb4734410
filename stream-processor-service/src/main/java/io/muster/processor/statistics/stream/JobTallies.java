package io.muster.processor.statistics.stream;

import io.muster.processor.statistics.Tally;
import io.muster.records.JobStatistics;
import io.muster.records.PartialTally;
import io.muster.service.Steps;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** The second stage: the latest partial of each device partition, and their sum as the job's statistics. */
public final class JobTallies implements Processor<String, PartialTally, String, JobStatistics> {
    /** The store of partials, by job id, NUL, partition. */
    public static final String STORE = "job-tallies";

    private static final StringSerializer TEXT = new StringSerializer();
    private static final Duration SWEEP = Duration.ofHours(6);
    private static final Duration KEPT = Duration.ofDays(31);

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<String, JobStatistics> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, PartialTally> store;

    @SuppressWarnings("NullAway.Init")
    private Steps steps;

    @Override
    public void init(ProcessorContext<String, JobStatistics> context) {
        this.context = context;
        this.store = context.getStateStore(STORE);
        this.steps = Steps.of(context);
        context.schedule(SWEEP, PunctuationType.WALL_CLOCK_TIME, now -> dropOld(Instant.ofEpochMilli(now)));
    }

    @Override
    public void process(Record<String, PartialTally> record) {
        PartialTally partial = record.value();
        String jobId = partial.getJobId();
        store.put(jobId + '\0' + partial.getPartition(), partial);
        context.forward(record.withKey(jobId).withValue(sum(jobId)));
        steps.worked();
    }

    /** Of the latest job of that id: partitions that have not heard of it still tell of an earlier one. */
    private JobStatistics sum(String jobId) {
        List<PartialTally> partials = partials(jobId);
        long jobNumber =
                partials.stream().mapToLong(PartialTally::getJobNumber).max().orElse(0);
        Tally tally = Tally.EMPTY;
        int expanded = 0;
        int partitions = 0;
        Instant updatedAt = Instant.EPOCH;
        Map<Integer, Long> deviceCounts = new HashMap<>();
        for (PartialTally partial : partials) {
            if (partial.getJobNumber() == jobNumber) {
                deviceCounts.put(partial.getPartition(), partial.getCounts().getDeviceCount());
                tally = tally.plus(Tally.of(partial));
                expanded += partial.getExpanded() ? 1 : 0;
                partitions = Math.max(partitions, partial.getPartitions());
                updatedAt = partial.getUpdatedAt().isAfter(updatedAt) ? partial.getUpdatedAt() : updatedAt;
            }
        }
        List<Long> byPartition = IntStream.range(0, partitions)
                .mapToObj(partition -> deviceCounts.getOrDefault(partition, 0L))
                .toList();
        return new JobStatistics(jobId, tally.counts(), expanded, partitions, updatedAt, jobNumber, byPartition);
    }

    private List<PartialTally> partials(String jobId) {
        List<PartialTally> found = new ArrayList<>();
        try (KeyValueIterator<String, PartialTally> partials = store.prefixScan(jobId + '\0', TEXT)) {
            partials.forEachRemaining(entry -> found.add(entry.value));
        }
        return found;
    }

    /** What nothing was counted in for longer than jobs are kept. */
    private void dropOld(Instant now) {
        List<String> old = new ArrayList<>();
        try (KeyValueIterator<String, PartialTally> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, PartialTally> entry = all.next();
                if (entry.value.getUpdatedAt().plus(KEPT).isBefore(now)) {
                    old.add(entry.key);
                }
            }
        }
        for (String key : old) {
            store.delete(key);
            String jobId = key.substring(0, key.indexOf('\0'));
            if (partials(jobId).isEmpty()) {
                context.forward(new Record<>(jobId, null, now.toEpochMilli()));
            }
        }
    }
}
