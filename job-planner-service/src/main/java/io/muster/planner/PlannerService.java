package io.muster.planner;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.muster.registry.SchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Partitioning;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The planner as one running Kafka Streams application. */
public final class PlannerService implements AutoCloseable {
    /** Names the consumer group, the transactions and the topics of state. */
    public static final String APPLICATION_ID = "muster-job-planner";

    private static final Logger LOG = LoggerFactory.getLogger(PlannerService.class);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
    private static final int COMMIT_INTERVAL_MS = 20;
    private static final int POLL_MS = 10;
    private static final int LINGER_MS = 2;
    private static final int BATCH_BYTES = 128 * 1024;
    private static final int FAILURES_BEFORE_GIVING_UP = 20;

    private final KafkaStreams streams;
    private final KafkaStreamsMetrics metrics;

    /**
     * How it runs.
     *
     * @param threads how many stream threads; partitions are shared among them
     * @param replication of the topics of state; -1 is the broker's default
     */
    public record Options(KafkaConnection kafka, Path stateDir, int threads, int replication) {}

    private PlannerService(KafkaStreams streams, KafkaStreamsMetrics metrics) {
        this.streams = streams;
        this.metrics = metrics;
    }

    /**
     * Starts; returns before it is {@link #ready}.
     *
     * @throws ExecutionException when the broker can't be reached or lacks a topic
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema
     */
    public static PlannerService start(Options options, SchemaRegistry registry, MeterRegistry meters)
            throws ExecutionException, InterruptedException {
        PartitionCounts counts = partitionCounts(options.kafka());
        KafkaStreams streams = new KafkaStreams(PlannerTopology.build(registry, counts), properties(options));
        AtomicInteger failures = new AtomicInteger();
        streams.setUncaughtExceptionHandler(e -> {
            LOG.error("A stream thread failed and is replaced: {}", rootMessage(e), e);
            return failures.incrementAndGet() < FAILURES_BEFORE_GIVING_UP
                    ? StreamThreadExceptionResponse.REPLACE_THREAD
                    : StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        KafkaStreamsMetrics metrics = new KafkaStreamsMetrics(streams);
        metrics.bindTo(meters);
        streams.start();
        return new PlannerService(streams, metrics);
    }

    /** Whether every partition that this instance owns is being processed. */
    public boolean ready() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    /** Whether it has ended for good, by a fault or by {@link #close}. */
    public boolean ended() {
        return streams.state().hasCompletedShutdown() || streams.state() == KafkaStreams.State.ERROR;
    }

    @Override
    public void close() {
        metrics.close();
        streams.close(CLOSE_LIMIT);
    }

    private static Properties properties(Options options) {
        Properties properties = new Properties();
        properties.putAll(options.kafka().clientProperties());
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION_ID);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_INTERVAL_MS);
        properties.put(StreamsConfig.POLL_MS_CONFIG, POLL_MS);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.threads());
        properties.put(StreamsConfig.STATE_DIR_CONFIG, options.stateDir().toString());
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, options.replication());
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        properties.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbMemory.class);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), LINGER_MS);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), BATCH_BYTES);
        return properties;
    }

    /** As the topics are, so that records that name a partition name one that exists. */
    private static PartitionCounts partitionCounts(KafkaConnection kafka)
            throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(kafka.clientProperties())) {
            Map<String, TopicDescription> topics = admin.describeTopics(
                            Topics.ALL.stream().map(Topic::name).toList())
                    .allTopicNames()
                    .get();
            Map<Partitioning, Integer> counts = Topics.ALL.stream()
                    .collect(Collectors.toMap(
                            Topic::partitioning, topic -> count(topics, topic), PlannerService::same));
            return new PartitionCounts(
                    counts.getOrDefault(Partitioning.BY_JOB, 0),
                    counts.getOrDefault(Partitioning.BY_DEVICE, 0),
                    counts.getOrDefault(Partitioning.BY_GATEWAY, 0),
                    counts.getOrDefault(Partitioning.BY_API_INSTANCE, 0));
        }
    }

    private static int count(Map<String, TopicDescription> topics, Topic<?> topic) {
        TopicDescription description = topics.get(topic.name());
        return description == null ? 0 : description.partitions().size();
    }

    private static int same(int one, int other) {
        if (one != other) {
            throw new IllegalStateException(
                    "topics that are joined have different numbers of partitions: " + one + " and " + other);
        }
        return one;
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.toString();
    }
}
