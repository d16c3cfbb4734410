package io.muster.processor.statistics.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.processor.statistics.Tally;
import io.muster.records.DeadLetter;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.ExpansionCompleted;
import io.muster.records.PartialTally;
import io.muster.service.DeadLetters;
import io.muster.service.InvalidRecordException;
import io.muster.service.RecordFailure;
import io.muster.service.Traces;
import io.muster.service.UnusableStateException;
import io.muster.service.coordinator.CommitBatching;
import io.muster.service.state.RowPlacement;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Partitioning;
import io.muster.topics.Topics;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first stage: one tally a job, for the events of this device partition. Changed tallies are passed on once a commit and not by each
 * event. A partial replaces the earlier one of its partition, so that passing it on twice, as after a restart, does no harm.
 */
public final class PartitionTallies implements Processor<String, byte[], String, SpecificRecord> {
    private static final AttributeKey<String> EVENT = AttributeKey.stringKey("muster.device.job.event");
    /** The store of this partition's tallies, by job id. */
    public static final StoreSpec<PartialTally> STORE = new StoreSpec.Cached<>(
            "partition-tallies",
            Partitioning.BY_DEVICE,
            RowPlacement.STAYING,
            "`PartialTally`",
            codecs -> serde(codecs.of(Topics.JOB_TALLIES)));

    private static final Logger LOG = LoggerFactory.getLogger(PartitionTallies.class);
    private static final Duration SWEEP = Duration.ofHours(6);
    private static final Duration KEPT = Duration.ofDays(31);
    private static final String SERVICE = "stream-processor-service";

    private final RecordCodec<DeviceJobEvents> codec;
    private final String tallies;
    private final String deadLetters;
    private final int devicePartitions;
    private final Counter discrepancies;
    private final MeterRegistry meters;
    private final Traces traces;
    private final Map<Class<?>, Counter> counters = new HashMap<>();
    private final Set<String> changed = new HashSet<>();

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<String, SpecificRecord> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, PartialTally> store;

    @SuppressWarnings("NullAway.Init")
    private CommitBatching commits;

    /**
     * Makes one.
     *
     * @param tallies and deadLetters the names of the sinks
     * @param devicePartitions how many there are
     */
    public PartitionTallies(
            RecordCodec<DeviceJobEvents> codec,
            String tallies,
            String deadLetters,
            int devicePartitions,
            MeterRegistry meters,
            Traces traces) {
        this.traces = traces;
        this.codec = codec;
        this.tallies = tallies;
        this.deadLetters = deadLetters;
        this.devicePartitions = devicePartitions;
        this.discrepancies = Counter.builder("muster.statistics.discrepancies")
                .description("Partitions whose events do not sum to the device count that they reported")
                .register(meters);
        this.meters = meters;
    }

    /** Returns the serde of its store, which is cached: what can't be read is null, and {@link #init} removes it. */
    static Serde<PartialTally> serde(RecordCodec<PartialTally> codec) {
        return Serdes.serdeFrom(codec, (_, bytes) -> {
            try {
                return bytes == null ? null : codec.decode(bytes);
            } catch (UndecodableRecordException _) {
                return null;
            }
        });
    }

    @Override
    public void init(ProcessorContext<String, SpecificRecord> context) {
        this.context = context;
        this.store = context.getStateStore(STORE.name());
        List<String> corrupt = new ArrayList<>();
        try (KeyValueIterator<String, PartialTally> all = store.all()) {
            all.forEachRemaining(entry -> (entry.value == null ? corrupt : changed).add(entry.key));
        }
        if (corrupt.size() > 1 && corrupt.size() > changed.size()) {
            // Nobody wrote so much garbage: the registry is another, or was emptied.
            throw new UnusableStateException(corrupt.size()
                    + " entries of the state can't be read, nor may they be removed: restore the schema registry, or else the"
                    + " changelog (docs/operate/backup.md), store=" + STORE.name() + " partition="
                    + context.taskId().partition());
        }
        for (String jobId : corrupt) {
            LOG.error(
                    "What was counted of a job in this partition can't be read and was removed: its statistics lack that, jobId={} partition={}",
                    jobId,
                    context.taskId().partition());
            store.delete(jobId);
        }
        this.commits = CommitBatching.of(context, this::passOn);
        context.schedule(SWEEP, PunctuationType.WALL_CLOCK_TIME, now -> dropOld(Instant.ofEpochMilli(now)));
    }

    @Override
    public void process(Record<String, byte[]> record) {
        try {
            if (record.value() == null) {
                throw new InvalidRecordException("an event has a value");
            }
            count(codec.decode(record.value()), record);
        } catch (InvalidRecordException e) {
            putAside(record, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            putAside(record, RecordFailure.reason(e));
        }
        commits.worked();
    }

    private void trace(DeviceJobEvents batch, DeviceJobEvent event) {
        traces.of(batch.getJobId(), batch.getJobNumber(), event.getDeviceId())
                .ifPresent(trace -> trace.part(
                        "count",
                        SpanKind.CONSUMER,
                        batch.getAt(),
                        Instant.ofEpochMilli(context.currentSystemTimeMs()),
                        false,
                        Attributes.of(EVENT, event.getEvent().getClass().getSimpleName())));
    }

    /** Counts records again that are read again after a failure: a rate, and no account. */
    private Counter counter(Class<?> event) {
        return meters.counter("muster.device.job.events", "event", event.getSimpleName());
    }

    /** Folds each event by itself: one that can't have happened becomes a dead letter of its own, and the others count. */
    private void count(DeviceJobEvents batch, Record<String, byte[]> record) {
        String jobId = batch.getJobId();
        @Nullable PartialTally kept = store.get(jobId);
        if (kept != null && kept.getJobNumber() > batch.getJobNumber()) {
            // Of an earlier job of that id, which nobody asks for any more.
            return;
        }
        @Nullable PartialTally before = kept != null && kept.getJobNumber() == batch.getJobNumber() ? kept : null;
        Tally tally = Tally.of(before);
        int counted = 0;
        int number = 0;
        for (DeviceJobEvent event : batch.getEvents()) {
            number++;
            Optional<Tally> after = tally.after(event);
            if (after.isPresent()) {
                tally = after.get();
                counted++;
                trace(batch, event);
                counterOf(event.getEvent()).increment();
            } else {
                String reason = "event " + number + " of " + batch.getEvents().size() + ": no device job of " + jobId
                        + " is " + event.getPrevious();
                putAside(record, part(batch, List.of(event), null), reason);
            }
        }
        @Nullable ExpansionCompleted expansion = possible(batch, record);
        if (expansion != null) {
            counterOf(expansion).increment();
            compare(jobId, expansion, tally);
        }
        if (counted > 0 || expansion != null) {
            store.put(jobId, partial(batch, tally, before, expansion));
            changed.add(jobId);
        }
    }

    private Counter counterOf(Object event) {
        return counters.computeIfAbsent(event.getClass(), this::counter);
    }

    private @Nullable ExpansionCompleted possible(DeviceJobEvents batch, Record<String, byte[]> record) {
        @Nullable ExpansionCompleted expansion = batch.getExpansion();
        if (expansion != null && (expansion.getPartitions() < 1 || expansion.getPartitions() > devicePartitions)) {
            String reason = "there are " + devicePartitions + " device partitions and not " + expansion.getPartitions();
            putAside(record, part(batch, List.of(), expansion), reason);
            return null;
        }
        return expansion;
    }

    private PartialTally partial(
            DeviceJobEvents batch, Tally tally, @Nullable PartialTally before, @Nullable ExpansionCompleted expansion) {
        int known = before == null ? 0 : before.getPartitions();
        return new PartialTally(
                batch.getJobId(),
                context.taskId().partition(),
                tally.counts(),
                expansion != null || (before != null && before.getExpanded()),
                expansion == null ? known : expansion.getPartitions(),
                batch.getAt(),
                batch.getJobNumber());
    }

    private static DeviceJobEvents part(
            DeviceJobEvents batch, List<DeviceJobEvent> events, @Nullable ExpansionCompleted expansion) {
        return new DeviceJobEvents(batch.getJobId(), batch.getJobNumber(), batch.getAt(), events, expansion);
    }

    /**
     * The events win: they are what happened. Those of a job that began when there were fewer partitions come from several now, of which none
     * can tell how many there are.
     */
    private void compare(String jobId, ExpansionCompleted completed, Tally tally) {
        if (completed.getPartitions() == devicePartitions && completed.getDeviceCount() != tally.total()) {
            discrepancies.increment();
            LOG.warn(
                    "The events of a partition do not sum to its device count, jobId={} partition={} deviceCount={} events={}",
                    jobId,
                    completed.getPartition(),
                    completed.getDeviceCount(),
                    tally.total());
        }
    }

    private void passOn() {
        for (String jobId : changed) {
            @Nullable PartialTally partial = store.get(jobId);
            if (partial != null) {
                context.forward(new Record<>(jobId, partial, context.currentSystemTimeMs()), tallies);
            }
        }
        changed.clear();
    }

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
        old.forEach(store::delete);
    }

    /** @param part that can't be true, as a record of its own, so that it can be written again */
    private void putAside(Record<String, byte[]> record, DeviceJobEvents part, String reason) {
        putAside(record.withValue(codec.encode(part)), reason);
    }

    private void putAside(Record<String, byte[]> record, String reason) {
        RecordMetadata position = context.recordMetadata().orElseThrow();
        DeadLetter letter =
                DeadLetters.of(SERVICE, position, record, reason, Instant.ofEpochMilli(context.currentSystemTimeMs()));
        context.forward(new Record<>(null, letter, record.timestamp()), deadLetters);
    }
}
