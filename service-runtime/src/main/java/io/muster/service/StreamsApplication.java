package io.muster.service;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.muster.topics.RecordSizes;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyDescription;
import org.jspecify.annotations.Nullable;

/** Runs one Kafka Streams application, exactly once, tuned for low latency: its processors batch their commits themselves. */
public final class StreamsApplication implements AutoCloseable {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
    private static final int COMMIT_INTERVAL_MS = 1000;
    private static final int POLL_MS = 5;
    /** Lets records of a transaction go to the broker together: nobody reads them before it ends, and its end sends at once what lingers. */
    private static final int LINGER_MS = 100;
    /**
     * Bounds how long a killed instance keeps its partitions. No static members: a broker that was killed itself may fence the living one.
     */
    private static final int SESSION_MS = 6_000;

    private static final int HEARTBEAT_MS = 2_000;
    private static final int BATCH_BYTES = 128 * 1024;

    private final KafkaStreams streams;
    private final KafkaStreamsMetrics metrics;
    private final HangingTransactions watch;

    /**
     * Says how an application runs.
     *
     * @param id names the consumer group, the transactions and the topics of state
     * @param stateDir where its stores lie; its own
     * @param threads how many stream threads; partitions are shared among them
     * @param replication of the topics of state; -1 is the broker's default
     * @param more further settings of Kafka Streams
     */
    public record Options(
            String id, KafkaConnection kafka, Path stateDir, int threads, int replication, Map<String, Object> more) {
        private static final int DEFAULT_THREADS = 2;
        private static final int BROKER_DEFAULT = -1;

        /** Reads {@code state.dir}, {@code threads} and {@code state.replication}. */
        public static Options from(Settings settings, String id, KafkaConnection kafka, Map<String, Object> more) {
            return new Options(
                    id,
                    kafka,
                    settings.path("state.dir"),
                    settings.number("threads", DEFAULT_THREADS),
                    settings.number("state.replication", BROKER_DEFAULT),
                    more);
        }
    }

    private StreamsApplication(KafkaStreams streams, KafkaStreamsMetrics metrics, HangingTransactions watch) {
        this.watch = watch;
        this.streams = streams;
        this.metrics = metrics;
    }

    /**
     * Starts; returns before it is {@link #ready}.
     *
     * @throws CommittedOffsets.LostException where it has state, and nobody knows up to where it has read
     */
    public static StreamsApplication start(Topology topology, Options options, MeterRegistry meters)
            throws InterruptedException {
        Set<String> sources = new HashSet<>();
        Set<String> all = new HashSet<>();
        for (TopologyDescription.Subtopology part : topology.describe().subtopologies()) {
            for (TopologyDescription.Node node : part.nodes()) {
                if (node instanceof TopologyDescription.Source source) {
                    sources.addAll(source.topicSet());
                } else if (node instanceof TopologyDescription.Sink sink) {
                    all.add(sink.topic());
                }
            }
        }
        all.addAll(sources);
        begin(sources, topology, options);
        KafkaStreams streams = new KafkaStreams(topology, properties(options));
        ThreadFailures failures = new ThreadFailures(options.id(), InstantSource.system(), ServiceProgram::fail);
        streams.setUncaughtExceptionHandler(failures);
        streams.setStateListener(failures);
        KafkaStreamsMetrics metrics = new KafkaStreamsMetrics(streams);
        metrics.bindTo(meters);
        streams.start();
        return new StreamsApplication(
                streams, metrics, HangingTransactions.watch(options.kafka(), options.id(), () -> all, meters));
    }

    private static void begin(Set<String> topics, Topology topology, Options options) throws InterruptedException {
        try (Admin admin = Admin.create(options.kafka().clientProperties())) {
            new CommittedOffsets(admin, options.id()).begin(topics);
            Changelogs.createMissing(admin, options.id(), topology, options.replication());
        } catch (ExecutionException e) {
            throw new KafkaException("Offsets can't be read: " + e.getCause(), e);
        }
    }

    /** Returns whether a thread failed for lost offsets: no application starts from the beginning by itself. */
    public static boolean hasNoOffset(Throwable e) {
        return cause(e, InvalidOffsetException.class).isPresent();
    }

    static <T extends Throwable> Optional<T> cause(Throwable e, Class<T> type) {
        @Nullable Throwable at = e;
        while (at != null && !type.isInstance(at)) {
            at = at.getCause();
        }
        return Optional.ofNullable(at).map(type::cast);
    }

    /** Returns whether every partition that this instance owns is being processed. */
    public boolean ready() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    @Override
    public void close() {
        watch.close();
        metrics.close();
        streams.close(CLOSE_LIMIT);
    }

    /** Returns the properties of every application of ours; for one with a life cycle of its own. */
    public static Properties properties(Options options) {
        Properties properties = new Properties();
        properties.putAll(options.kafka().clientProperties());
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, options.id());
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_INTERVAL_MS);
        properties.put(StreamsConfig.POLL_MS_CONFIG, POLL_MS);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.threads());
        properties.put(StreamsConfig.STATE_DIR_CONFIG, options.stateDir().toString());
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, options.replication());
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "none");
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), LINGER_MS);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), BATCH_BYTES);
        properties.put(
                StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), RecordSizes.LARGEST_REQUEST);
        properties.put(StreamsConfig.topicPrefix(TopicConfig.MAX_MESSAGE_BYTES_CONFIG), RecordSizes.LARGEST);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), SESSION_MS);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), HEARTBEAT_MS);
        properties.putAll(options.more());
        return properties;
    }
}
