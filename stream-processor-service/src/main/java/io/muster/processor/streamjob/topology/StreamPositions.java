package io.muster.processor.streamjob.topology;

import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.streamjob.StreamJobDecider;
import io.muster.query.stream.Ticks;
import io.muster.records.OutputStartMode;
import io.muster.records.PositionStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobProgress;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamPosition;
import io.muster.service.KafkaConnection;
import io.muster.service.LogScan;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds where a start begins to read its inputs, so that its results are whole from the output start time on: at the first record that arrived
 * no earlier than that time, less the look-back of the query, less how far ahead of its arrival an event may claim to be. Contract:
 * stream-analytics, 4.3 and 4.6, 8. Each call is for one thread.
 */
final class StreamPositions {
    private static final Logger LOG = LoggerFactory.getLogger(StreamPositions.class);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Codecs codecs;
    private final Function<String, Consumer<String, byte[]>> consumers;

    StreamPositions(KafkaConnection kafka, Codecs codecs) {
        this(codecs, isolation -> consumer(kafka, isolation));
    }

    /** Reads by the consumers that a factory makes. @param consumers makes one, by its isolation level */
    StreamPositions(Codecs codecs, Function<String, Consumer<String, byte[]>> consumers) {
        this.codecs = codecs;
        this.consumers = consumers;
    }

    /**
     * Finds where the start begins.
     *
     * @param units that the job has: so many tasks share a query that can be shared
     * @param isStale whether the job changed meanwhile, so that the answer is not wanted any more
     * @throws StreamJobDefinitionException when a topic is missing, or there is no last output to go on from
     * @throws TimeoutException when the log can't be read in time, or the answer is not wanted any more
     */
    PositionStreamJob find(
            StreamJob job, StreamJobStart start, RunnableStreamJob runnable, int units, BooleanSupplier isStale)
            throws StreamJobDefinitionException {
        try (Consumer<String, byte[]> consumer = consumers.apply("read_committed")) {
            Map<String, List<PartitionInfo>> topics = consumer.listTopics(LIMIT);
            rejectMissing(topics, runnable);
            rejectTooMany(topics, runnable);
            rejectUneven(topics, runnable);
            int tasks = runnable.tasks(
                    topic -> topics.getOrDefault(topic, List.of()).size(), units);
            List<String> diagnostics = new ArrayList<>();
            List<Long> from = switch (start.getMode()) {
                case JOB_START_TIME -> Collections.nCopies(tasks, Ticks.of(start.getAt()));
                case CUSTOM_TIME ->
                    Collections.nCopies(
                            tasks,
                            Ticks.of(Optional.ofNullable(start.getOutputStartTime())
                                    .orElse(start.getAt())));
                case LAST_OUTPUT_EVENT_TIME -> lastMarks(consumer, job, start, tasks, diagnostics, isStale);
            };
            if (start.getMode() == OutputStartMode.LAST_OUTPUT_EVENT_TIME
                    && runnable.query().hasSubstreams()) {
                diagnostics.add("LastOutputOfSubstreams: the job begins where its slowest substream ended; where it was"
                        + " stopped, results of those that were ahead come again.");
            }
            long first = Collections.min(from);
            long since = Math.max(0, Ticks.millis(first - runnable.query().lookBack() - TimePolicy.EARLY));
            List<StreamPosition> positions = new ArrayList<>();
            for (String topic : runnable.topicsRead()) {
                List<TopicPartition> partitions = topics.getOrDefault(topic, List.of()).stream()
                        .map(info -> new TopicPartition(topic, info.partition()))
                        .toList();
                positions.addAll(
                        runnable.isReference(topic)
                                ? beginnings(consumer, partitions)
                                : positions(consumer, partitions, since, diagnostics));
            }
            return new PositionStreamJob(
                    start.getNumber(), first, positions, diagnostics, tasks == 1 ? List.of() : from);
        }
    }

    private static void rejectMissing(Map<String, List<PartitionInfo>> topics, RunnableStreamJob runnable)
            throws StreamJobDefinitionException {
        TreeSet<String> missing = new TreeSet<>(runnable.topicsRead());
        missing.addAll(runnable.topicsWritten());
        missing.removeAll(topics.keySet());
        if (!missing.isEmpty()) {
            throw new StreamJobDefinitionException(
                    "There is no topic " + String.join(", ", missing) + ": create it first.");
        }
    }

    private static void rejectTooMany(Map<String, List<PartitionInfo>> topics, RunnableStreamJob runnable)
            throws StreamJobDefinitionException {
        for (String topic : runnable.topicsRead()) {
            int partitions = topics.getOrDefault(topic, List.of()).size();
            if (partitions > StreamJobDecider.MOST_PARTITIONS) {
                throw new StreamJobDefinitionException("The topic " + topic + " has " + partitions
                        + " partitions, and a stream job reads topics of up to " + StreamJobDecider.MOST_PARTITIONS
                        + ".");
            }
        }
    }

    private static void rejectUneven(Map<String, List<PartitionInfo>> topics, RunnableStreamJob runnable)
            throws StreamJobDefinitionException {
        Map<String, Integer> partitions = new TreeMap<>();
        runnable.topicsRead()
                .forEach(topic -> partitions.put(
                        topic, topics.getOrDefault(topic, List.of()).size()));
        if (runnable.joinsPartitions() && Set.copyOf(partitions.values()).size() > 1) {
            throw new StreamJobDefinitionException(
                    "The query joins topics by PartitionId, and they have different numbers of" + " partitions, "
                            + partitions + ": leave PARTITION BY out.");
        }
    }

    private static List<StreamPosition> beginnings(Consumer<String, byte[]> consumer, List<TopicPartition> partitions) {
        return consumer.beginningOffsets(partitions, LIMIT).entrySet().stream()
                .map(begin -> new StreamPosition(
                        begin.getKey().topic(), begin.getKey().partition(), begin.getValue()))
                .toList();
    }

    /**
     * Returns the first record of each partition that arrived no earlier; where there is none, the end as it was before the question: records
     * that arrive meanwhile are behind it.
     */
    static List<StreamPosition> positions(
            Consumer<?, ?> consumer, List<TopicPartition> partitions, long since, List<String> diagnostics) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, LIMIT);
        Map<TopicPartition, Long> times = new HashMap<>();
        partitions.forEach(partition -> times.put(partition, since));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times, LIMIT);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions, LIMIT);
        List<StreamPosition> positions = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            long end = ends.getOrDefault(partition, 0L);
            @Nullable OffsetAndTimestamp at = found.get(partition);
            long offset = at == null ? end : at.offset();
            long beginning = beginnings.getOrDefault(partition, 0L);
            if (beginning > 0 && offset == beginning && at != null && at.timestamp() > since) {
                diagnostics.add("InputRetentionTooShort: of " + partition + " records are wanted from "
                        + Instant.ofEpochMilli(since) + " on, and the earliest that is kept is of "
                        + Instant.ofEpochMilli(at.timestamp()) + "; the first results may be partial.");
            }
            positions.add(new StreamPosition(partition.topic(), partition.partition(), offset));
        }
        return positions;
    }

    /** Returns up to where each task of the start before has written all results. Where tasks are others now, all begin where the slowest ended. */
    private List<Long> lastMarks(
            Consumer<String, byte[]> consumer,
            StreamJob job,
            StreamJobStart start,
            int tasks,
            List<String> diagnostics,
            BooleanSupplier isStale)
            throws StreamJobDefinitionException {
        Map<Integer, StreamJobProgress> latest = progress(consumer, job.getStreamJobId(), start.getNumber(), isStale);
        long last = latest.values().stream()
                .mapToLong(StreamJobProgress::getStartNumber)
                .max()
                .orElseThrow(() -> new StreamJobDefinitionException(
                        "The job has never written a result: start it now, or from a time of your choice."));
        latest.values().removeIf(progress -> progress.getStartNumber() != last);
        List<Long> marks = new ArrayList<>();
        job.getEarlier().stream()
                .filter(earlier -> earlier.getNumber() == last && earlier.getFromTicks() != null)
                .findFirst()
                .ifPresent(earlier -> marks.addAll(
                        earlier.getFromTicksByTask().isEmpty()
                                ? List.of(Objects.requireNonNull(earlier.getFromTicks()))
                                : earlier.getFromTicksByTask()));
        for (int task = 0; task < marks.size(); task++) {
            @Nullable StreamJobProgress progress = latest.get(task);
            if (progress != null) {
                marks.set(task, Math.max(marks.get(task), progress.getWatermarkTicks()));
            }
        }
        if (marks.size() == tasks) {
            return marks;
        }
        long slowest = latest.values().stream()
                .mapToLong(StreamJobProgress::getWatermarkTicks)
                .min()
                .orElseThrow();
        diagnostics.add("LastOutputOfOtherTasks: the job ran in " + marks.size() + " tasks and runs in " + tasks
                + " now; all begin where the slowest ended, and some results may come again.");
        return Collections.nCopies(tasks, marks.stream().reduce(slowest, Math::min));
    }

    /**
     * Returns the latest progress of each task that writes results, of starts before the given one. Records of an open transaction are waited
     * for: one that another job left when it was killed would hide this job's latest.
     */
    private Map<Integer, StreamJobProgress> progress(
            Consumer<String, byte[]> consumer, String streamJobId, long before, BooleanSupplier isStale) {
        List<TopicPartition> partitions = consumer.partitionsFor(Topics.STREAM_JOB_PROGRESS.name(), LIMIT).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        Map<Integer, StreamJobProgress> latest = new HashMap<>();
        LogScan.read(consumer, ends(partitions), LIMIT, isStale, record -> {
            if (record.key() != null && record.key().startsWith(streamJobId + " ")) {
                take(latest, record, streamJobId, before);
            }
        });
        return latest;
    }

    private void take(
            Map<Integer, StreamJobProgress> latest,
            ConsumerRecord<String, byte[]> record,
            String streamJobId,
            long before) {
        if (record.value() == null) {
            latest.values().removeIf(progress -> record.key().equals(streamJobId + " " + progress.getTask()));
            return;
        }
        StreamJobProgress progress;
        try {
            progress = codecs.of(Topics.STREAM_JOB_PROGRESS).decode(record.value());
        } catch (UndecodableRecordException e) {
            LOG.warn(
                    "A record can't be read and is skipped, topic={} partition={} offset={} reason={}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
            return;
        }
        if (progress.getStreamJobId().equals(streamJobId)
                && progress.getTask() >= 0
                && progress.getStartNumber() < before) {
            latest.merge(
                    progress.getTask(),
                    progress,
                    (known, other) -> other.getStartNumber() >= known.getStartNumber() ? other : known);
        }
    }

    /** Returns the ends of the partitions, whether the records before them are committed or not. */
    private Map<TopicPartition, Long> ends(List<TopicPartition> partitions) {
        try (Consumer<String, byte[]> consumer = consumers.apply("read_uncommitted")) {
            return consumer.endOffsets(partitions, LIMIT);
        }
    }

    private static Consumer<String, byte[]> consumer(KafkaConnection kafka, String isolation) {
        Map<String, Object> properties = kafka.clientProperties();
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        return new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
    }
}
