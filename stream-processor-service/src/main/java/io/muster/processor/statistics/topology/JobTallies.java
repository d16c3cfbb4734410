package io.muster.processor.statistics.topology;

import io.muster.codec.Codecs;
import io.muster.processor.statistics.Tally;
import io.muster.records.JobStatistics;
import io.muster.records.PartialTally;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.service.coordinator.CommitBatching;
import io.muster.service.coordinator.KeyPartition;
import io.muster.service.coordinator.RecordGuard;
import io.muster.service.state.RowPlacement;
import io.muster.service.state.StoreSpec;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Partitioning;
import io.muster.topics.Topics;
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
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the latest partial of each device partition, and sums them as the job's statistics: the second stage. */
public final class JobTallies implements Processor<String, byte[], Route, byte[]> {
    /** Declares the store of partials, by job id, NUL, partition. */
    public static final StoreSpec<PartialTally> STORE = new StoreSpec.OfRecords<>(
            "job-tallies", Partitioning.BY_JOB, RowPlacement.BY_KEY, StoreSpec.Medium.MEMORY, PartialTally.class);

    private static final StringSerializer TEXT = new StringSerializer();
    private static final Duration SWEEP = Duration.ofHours(6);
    private static final Duration KEPT = Duration.ofDays(31);
    private static final String STATISTICS = Outbox.sink(Topics.JOB_STATISTICS);
    private static final String SERVICE = "stream-processor-service";

    private final Codecs codecs;
    private final String deadLetters;
    private final int devicePartitions;
    private final int jobPartitions;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private KeyValueStore<String, PartialTally> store;

    @SuppressWarnings("NullAway.Init")
    private Outbox outbox;

    @SuppressWarnings("NullAway.Init")
    private RecordGuard guard;

    @SuppressWarnings("NullAway.Init")
    private CommitBatching commits;

    /**
     * Makes one.
     *
     * @param deadLetters the name of the sink
     * @param partitions how many topics have
     */
    public JobTallies(Codecs codecs, String deadLetters, PartitionCounts partitions) {
        this.codecs = codecs;
        this.deadLetters = deadLetters;
        this.devicePartitions = partitions.devices();
        this.jobPartitions = partitions.jobs();
    }

    @Override
    public void init(ProcessorContext<Route, byte[]> context) {
        this.outbox = new Outbox(context, codecs, SERVICE);
        this.guard = new RecordGuard(context, outbox, deadLetters);
        this.store = context.getStateStore(STORE.name());
        this.commits = CommitBatching.of(context);
        context.schedule(SWEEP, PunctuationType.WALL_CLOCK_TIME, now -> dropOld(Instant.ofEpochMilli(now)));
    }

    @Override
    public void process(Record<String, byte[]> record) {
        guard.handle(record, (position, now) -> {
            PartialTally partial = valid(record, position);
            String jobId = partial.getJobId();
            store.put(jobId + '\0' + partial.getPartition(), partial);
            outbox.send(STATISTICS, Topics.JOB_STATISTICS, Route.byKey(jobId), sum(jobId), now);
        });
        commits.worked();
    }

    private PartialTally valid(Record<String, byte[]> record, RecordMetadata position) throws InvalidRecordException {
        if (record.value() == null) {
            throw new InvalidRecordException("a tally has a value");
        }
        PartialTally partial = codecs.of(Topics.JOB_TALLIES).decode(record.value());
        KeyPartition.require(partial.getJobId(), record.key(), "job id", position, jobPartitions);
        if (partial.getPartition() < 0 || partial.getPartition() >= devicePartitions) {
            throw new InvalidRecordException("no device partition has the number " + partial.getPartition());
        }
        if (partial.getPartitions() < 0 || partial.getPartitions() > devicePartitions) {
            throw new InvalidRecordException(
                    "there are " + devicePartitions + " device partitions and not " + partial.getPartitions());
        }
        if (!Tally.of(partial).isPossible()) {
            throw new InvalidRecordException("no state has less than no device jobs");
        }
        return partial;
    }

    /** Sums partials of the latest job of that id: partitions that don't know it yet still have an earlier one. */
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

    /** Forgets tallies in which nothing was counted for longer than jobs are kept. */
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
                outbox.sendEncoded(STATISTICS, Route.byKey(jobId), null, now, null);
            }
        }
    }
}
