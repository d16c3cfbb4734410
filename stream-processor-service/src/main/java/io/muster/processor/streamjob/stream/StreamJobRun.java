package io.muster.processor.streamjob.stream;

import io.muster.codec.Codecs;
import io.muster.processor.engine.stream.Arrivals;
import io.muster.processor.engine.stream.FailQuietly;
import io.muster.processor.engine.stream.InputFormat;
import io.muster.processor.engine.stream.LogEnds;
import io.muster.processor.engine.stream.StreamJobFailure;
import io.muster.processor.engine.stream.StreamJobSpec;
import io.muster.processor.engine.stream.StreamJobTopology;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamPosition;
import io.muster.service.StreamsApplication;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One start of a stream job, as far as this instance runs it: a Kafka Streams application of its own. */
final class StreamJobRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamJobRun.class);
    private static final String PREFIX = "muster-stream-";
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);
    private static final int FAILURES_BEFORE_GIVING_UP = 10;

    private final long number;
    private final KafkaStreams streams;
    private final LogEnds logEnds;
    private final AtomicLong until;

    private StreamJobRun(long number, KafkaStreams streams, LogEnds logEnds, AtomicLong until) {
        this.number = number;
        this.streams = streams;
        this.logEnds = logEnds;
        this.until = until;
    }

    /** Is told how the run fares. */
    interface Reports {
        /** It can't go on. */
        void failed(String reason);

        /** It tries again. */
        void restarting(String reason);
    }

    /** Of its group, transactions and topics: the number is unique to the start. */
    static String applicationId(long number) {
        return PREFIX + number;
    }

    private static String exchange(long number) {
        return applicationId(number) + "-exchange";
    }

    /**
     * Starts; returns before anything is read.
     *
     * @param options but for the application's id
     * @param units how many threads it has
     */
    static StreamJobRun start(
            String streamJobId,
            StreamJobStart start,
            StreamJobDefinition definition,
            Codecs codecs,
            Admin admin,
            StreamsApplication.Options options,
            int units,
            Reports reports)
            throws ExecutionException, InterruptedException {
        long number = start.getNumber();
        if (definition.merges()) {
            create(admin, exchange(number), options.replication());
        }
        position(admin, start);
        LogEnds logEnds = new LogEnds(
                Admin.create(options.kafka().clientProperties()),
                start.getPositions().stream()
                        .map(position -> new TopicPartition(position.getTopic(), position.getPartition()))
                        .toList());
        AtomicLong until = new AtomicLong(Long.MAX_VALUE);
        StreamJobSpec spec = spec(streamJobId, start, definition, codecs, logEnds, until::get);
        Map<String, Object> more = new HashMap<>(options.more());
        more.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, FailQuietly.class);
        StreamsApplication.Options own = new StreamsApplication.Options(
                applicationId(number), options.kafka(), options.stateDir(), units, options.replication(), more);
        KafkaStreams streams =
                new KafkaStreams(StreamJobTopology.build(spec), StreamsApplication.properties(own), logEnds);
        AtomicInteger failures = new AtomicInteger();
        streams.setUncaughtExceptionHandler(e -> {
            Optional<StreamJobFailure> failure = failure(e);
            if (failure.isPresent()) {
                reports.failed(String.valueOf(failure.get().getMessage()));
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            }
            LOG.warn("A stream job stumbled, streamJobId={} start={} reason={}", streamJobId, number, e.toString());
            if (failures.incrementAndGet() < FAILURES_BEFORE_GIVING_UP) {
                reports.restarting(String.valueOf(e.getMessage()));
                return StreamThreadExceptionResponse.REPLACE_THREAD;
            }
            reports.failed("It failed " + FAILURES_BEFORE_GIVING_UP + " times: " + e);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        return new StreamJobRun(number, streams, logEnds, until);
    }

    private static Optional<StreamJobFailure> failure(Throwable e) {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof StreamJobFailure failure) {
                return Optional.of(failure);
            }
        }
        return Optional.empty();
    }

    private static StreamJobSpec spec(
            String streamJobId,
            StreamJobStart start,
            StreamJobDefinition definition,
            Codecs codecs,
            Arrivals arrivals,
            LongSupplier until) {
        Map<String, Integer> partitions = new HashMap<>();
        for (StreamPosition position : start.getPositions()) {
            partitions.merge(position.getTopic(), 1, Integer::sum);
        }
        List<StreamJobSpec.Input> inputs = new ArrayList<>();
        definition
                .inputs()
                .forEach((name, topic) -> inputs.add(new StreamJobSpec.Input(
                        name,
                        topic,
                        topic.equals(Topics.TELEMETRY.name())
                                ? new InputFormat.DeviceTelemetry(codecs.of(Topics.TELEMETRY))
                                : new InputFormat.Json(),
                        partitions.getOrDefault(topic, 0))));
        Map<String, StreamJobSpec.Output> outputs = new HashMap<>();
        definition
                .outputs()
                .forEach((name, output) -> outputs.put(name, new StreamJobSpec.Output(output.topic(), output.key())));
        return new StreamJobSpec(
                streamJobId,
                start.getNumber(),
                definition.query(),
                inputs,
                outputs,
                definition.policy(),
                start.getFromTicksByTask().isEmpty()
                        ? List.of(Objects.requireNonNull(start.getFromTicks(), "the start was positioned"))
                        : start.getFromTicksByTask(),
                until,
                definition.merges() ? Optional.of(exchange(start.getNumber())) : Optional.empty(),
                codecs.of(Topics.STREAM_JOB_PROGRESS),
                arrivals);
    }

    private static void create(Admin admin, String topic, int replication)
            throws ExecutionException, InterruptedException {
        try {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.of((short) replication))))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }

    /** Where another instance has begun already, its word counts: it read the same positions. */
    private static void position(Admin admin, StreamJobStart start) throws ExecutionException, InterruptedException {
        String group = applicationId(start.getNumber());
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (StreamPosition position : start.getPositions()) {
            offsets.put(
                    new TopicPartition(position.getTopic(), position.getPartition()),
                    new OffsetAndMetadata(position.getOffset()));
        }
        Set<TopicPartition> known = new HashSet<>(admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get()
                .keySet());
        offsets.keySet().removeAll(known);
        if (offsets.isEmpty()) {
            return;
        }
        try {
            admin.alterConsumerGroupOffsets(group, offsets).all().get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof UnknownMemberIdException)) {
                throw e;
            }
        }
    }

    long number() {
        return number;
    }

    boolean isRunning() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    /** Results from this instant on are those of another start. @param ticks of 100 ns */
    void endAt(long ticks) {
        until.set(ticks);
    }

    /** Has as many threads as that, and keeps what they have read and worked out. */
    void scale(int units) {
        int threads = streams.metadataForLocalThreads().size();
        for (; threads < units; threads++) {
            streams.addStreamThread();
        }
        for (; threads > units; threads--) {
            streams.removeStreamThread(CLOSE_LIMIT);
        }
    }

    @Override
    public void close() {
        streams.close(CLOSE_LIMIT);
        logEnds.close();
    }

    /** Whether no instance runs the start any more. */
    static boolean isOver(Admin admin, long number) throws ExecutionException, InterruptedException {
        try {
            return admin.describeConsumerGroups(List.of(applicationId(number))).all().get().values().stream()
                    .allMatch(group -> group.members().isEmpty());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return true;
            }
            throw e;
        }
    }

    /** Deletes what the start leaves in Kafka: nobody reads it any more. */
    static void clean(Admin admin, long number) throws InterruptedException {
        String id = applicationId(number);
        try {
            List<String> topics = admin.listTopics().names().get().stream()
                    .filter(topic -> topic.startsWith(id + "-"))
                    .toList();
            admin.deleteTopics(topics).all().get();
            admin.deleteConsumerGroups(List.of(id)).all().get();
        } catch (ExecutionException | KafkaException e) {
            LOG.info("Topics of a start are left, start={} reason={}", number, e.toString());
        }
    }
}
