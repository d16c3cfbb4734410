package io.muster.processor.statistics.topology;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.processor.statistics.Tally;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.ExpansionCompleted;
import io.muster.records.PartialTally;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.service.Traces;
import io.muster.service.UnusableStateException;
import io.muster.service.coordinator.CommitBatching;
import io.muster.service.coordinator.RecordGuard;
import io.muster.service.state.RowPlacement;
import io.muster.service.state.StoreSpec;
import io.muster.topics.PartitionCounts;
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
import java.util.Set;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds the events of a device partition into one tally a job: the first stage. Changed tallies are passed on once a commit and not by each
 * event. A partial replaces the earlier one of its partition, so that passing it on twice, as after a restart, does no harm. An event that can't
 * have happened is dead-lettered alone, and the others of its batch count.
 */
public final class PartitionTallies implements Processor<String, byte[], Route, byte[]> {
    private static final AttributeKey<String> EVENT = AttributeKey.stringKey("muster.device.job.event");
    /** Declares the store of this partition's tallies, by job id. */
    public static final StoreSpec<PartialTally> STORE = new StoreSpec.Cached<>(
            "partition-tallies",
            Partitioning.BY_DEVICE,
            RowPlacement.STAYING,
            "`PartialTally`",
            codecs -> serde(codecs.of(Topics.JOB_TALLIES)));

    private static final Logger LOG = LoggerFactory.getLogger(PartitionTallies.class);
    private static final Duration SWEEP = Duration.ofHours(6);
    private static final Duration KEPT = Duration.ofDays(31);
    private static final String TALLIES = Outbox.sink(Topics.JOB_TALLIES);
    private static final String SERVICE = "stream-processor-service";

    private final Codecs codecs;
    private final RecordCodec<DeviceJobEvents> codec;
    private final String deadLetters;
    private final int devicePartitions;
    private final Counter discrepancies;
    private final MeterRegistry meters;
    private final Traces traces;
    private final Map<Class<?>, Counter> counters = new HashMap<>();
    private final Set<String> changed = new HashSet<>();

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<Route, byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private Outbox outbox;

    @SuppressWarnings("NullAway.Init")
    private RecordGuard guard;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, PartialTally> store;

    @SuppressWarnings("NullAway.Init")
    private CommitBatching commits;

    /** Counts by job, and registers the meter of discrepancies. @param deadLetters the name of the sink */
    public PartitionTallies(
            Codecs codecs, String deadLetters, PartitionCounts partitions, MeterRegistry meters, Traces traces) {
        this.traces = traces;
        this.codecs = codecs;
        this.codec = codecs.of(Topics.DEVICE_JOB_EVENTS);
        this.deadLetters = deadLetters;
        this.devicePartitions = partitions.devices();
        this.discrepancies = Counter.builder("muster.statistics.discrepancies")
                .description("Partitions whose events do not sum to the device count that they reported")
                .register(meters);
        this.meters = meters;
    }

    /** Returns the serde of its store, which is cached: a tally that can't be read is null, and {@link #init} removes it. */
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
    public void init(ProcessorContext<Route, byte[]> context) {
        this.context = context;
        this.outbox = new Outbox(context, codecs, SERVICE);
        this.guard = new RecordGuard(context, outbox, deadLetters);
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
                    "The tally of a job in this partition can't be read and was removed: the job's statistics lack it, jobId={} partition={}",
                    jobId,
                    context.taskId().partition());
            store.delete(jobId);
        }
        this.commits = CommitBatching.of(context, this::passOn);
        context.schedule(SWEEP, PunctuationType.WALL_CLOCK_TIME, now -> dropOld(Instant.ofEpochMilli(now)));
    }

    @Override
    public void process(Record<String, byte[]> record) {
        guard.handle(record, (_, _) -> {
            if (record.value() == null) {
                throw new InvalidRecordException("an event has a value");
            }
            count(codec.decode(record.value()), record);
        });
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

    /** Holds what the valid parts of a batch come to. */
    private static final class Fold {
        private Tally tally;
        private boolean isChanged;
        private @Nullable ExpansionCompleted expansion;

        private Fold(Tally before) {
            this.tally = before;
        }
    }

    /** Folds each part of a batch by itself: one that can't have happened becomes a dead letter of its own, and the others count. */
    private void count(DeviceJobEvents batch, Record<String, byte[]> record) {
        String jobId = batch.getJobId();
        @Nullable PartialTally kept = store.get(jobId);
        if (kept != null && kept.getJobNumber() > batch.getJobNumber()) {
            // Of an earlier job of that id, which nobody asks for any more.
            return;
        }
        @Nullable PartialTally before = kept != null && kept.getJobNumber() == batch.getJobNumber() ? kept : null;
        Fold fold = new Fold(Tally.of(before));
        int number = 0;
        for (DeviceJobEvent event : batch.getEvents()) {
            number++;
            guard.handlePart(
                    record,
                    "event " + number + " of " + batch.getEvents().size(),
                    () -> codec.encode(part(batch, List.of(event), null)),
                    (_, _) -> add(event, batch, fold));
        }
        @Nullable ExpansionCompleted expansion = batch.getExpansion();
        if (expansion != null) {
            guard.handlePart(
                    record,
                    "the expansion",
                    () -> codec.encode(part(batch, List.of(), expansion)),
                    (_, _) -> add(expansion, jobId, fold));
        }
        if (fold.isChanged) {
            store.put(jobId, partial(batch, fold, before));
            changed.add(jobId);
        }
    }

    private void add(DeviceJobEvent event, DeviceJobEvents batch, Fold fold) throws InvalidRecordException {
        fold.tally = fold.tally
                .after(event)
                .orElseThrow(() -> new InvalidRecordException(
                        "no device job of " + batch.getJobId() + " is " + event.getPrevious()));
        fold.isChanged = true;
        trace(batch, event);
        counterOf(event.getEvent()).increment();
    }

    private void add(ExpansionCompleted expansion, String jobId, Fold fold) throws InvalidRecordException {
        if (expansion.getPartitions() < 1 || expansion.getPartitions() > devicePartitions) {
            throw new InvalidRecordException(
                    "there are " + devicePartitions + " device partitions and not " + expansion.getPartitions());
        }
        fold.expansion = expansion;
        fold.isChanged = true;
        counterOf(expansion).increment();
        compare(jobId, expansion, fold.tally);
    }

    private Counter counterOf(Object event) {
        return counters.computeIfAbsent(event.getClass(), this::counter);
    }

    private PartialTally partial(DeviceJobEvents batch, Fold fold, @Nullable PartialTally before) {
        @Nullable ExpansionCompleted expansion = fold.expansion;
        int known = before == null ? 0 : before.getPartitions();
        return new PartialTally(
                batch.getJobId(),
                context.taskId().partition(),
                fold.tally.counts(),
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
     * Reports a partition whose events do not sum to its device count; the events count, since they happened. A job that began when there were
     * fewer partitions is not compared: its events come from several partitions now, and none of them knows the sum.
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
        Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        for (String jobId : changed) {
            @Nullable PartialTally partial = store.get(jobId);
            if (partial != null) {
                outbox.send(TALLIES, Topics.JOB_TALLIES, Route.byKey(jobId), partial, now);
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
}
