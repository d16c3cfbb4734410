package io.muster.api.kafka;

import io.muster.api.artifact.Artifacts;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.codec.Codecs;
import io.muster.records.Artifact;
import io.muster.records.ArtifactChunk;
import io.muster.service.coordinator.KeyPartition;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Partitioning;
import io.muster.topics.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Keeps artifacts as chunks on a compacted topic, one partition an artifact, and an index that is written behind the last chunk. Two uploads of the
 * same content at once write its chunks twice: compaction leaves the later ones, and a reader goes on from where the index points until it
 * has met them. Thread-safe.
 */
public final class KafkaArtifacts implements Artifacts, AutoCloseable {
    /** Counts the bytes of a chunk. */
    static final int CHUNK = 512 * 1024;

    private static final long BUFFER = 16L << 20;
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    private static final int FETCHED = 2 << 20;
    private static final int PARTITIONS = PartitionCounts.SMALL.of(Partitioning.BY_ARTIFACT);

    private final Producer<String, byte[]> producer;
    private final Supplier<Consumer<String, byte[]>> consumers;
    private final Codecs codecs;
    private final long most;
    /** Counts the bytes of those in the index, and of those that are being written here. */
    private final AtomicLong kept = new AtomicLong();

    private final Map<String, Artifact> index = new ConcurrentHashMap<>();

    /** Makes one without artifacts. @param properties of a Kafka client @param most bytes of all artifacts */
    public KafkaArtifacts(Map<String, Object> properties, Codecs codecs, long most) {
        this(producer(properties), () -> consumer(properties), codecs, most);
    }

    /** Makes one. @param producer is closed with it @param consumers makes one for each reader, which closes it */
    KafkaArtifacts(
            Producer<String, byte[]> producer, Supplier<Consumer<String, byte[]>> consumers, Codecs codecs, long most) {
        this.most = most;
        this.producer = producer;
        this.consumers = consumers;
        this.codecs = codecs;
        // Now: later a registry that is away would fail an upload.
        List.of(Topics.ARTIFACTS, Topics.ARTIFACT_INDEX).forEach(codecs::of);
    }

    private static Producer<String, byte[]> producer(Map<String, Object> of) {
        Map<String, Object> properties = new HashMap<>(of);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, LIMIT.toMillis());
        return new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer());
    }

    private static Consumer<String, byte[]> consumer(Map<String, Object> of) {
        Map<String, Object> properties = new HashMap<>(of);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCHED);
        properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCHED);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, FETCHED / CHUNK);
        return new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer());
    }

    /** Takes an artifact from the index. */
    void read(Artifact artifact) {
        Artifact before = index.put(artifact.getSha256(), artifact);
        kept.addAndGet(artifact.getBytes() - (before == null ? 0 : before.getBytes()));
    }

    @Override
    public Optional<Artifact> find(String sha256) {
        return Optional.ofNullable(index.get(sha256));
    }

    static String key(String sha256, int number) {
        return sha256 + "/" + number;
    }

    @Override
    public Artifact keep(Path file, String sha256) throws IOException {
        Optional<Artifact> known = find(sha256);
        if (known.isPresent()) {
            return known.get();
        }
        long expected = Files.size(file);
        try {
            if (kept.addAndGet(expected) > most) {
                throw new ProblemException(Problem.tooLarge("All uploads together have at most " + (most >> 20)
                        + " MiB, which this one would exceed: raise artifacts.total.mib. Nothing was changed."));
            }
            return write(file, sha256);
        } finally {
            // The index counts what was written.
            kept.addAndGet(-expected);
        }
    }

    private Artifact write(Path file, String sha256) throws IOException {
        int partition = KeyPartition.of(sha256, PARTITIONS);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        long bytes = 0;
        try (InputStream in = Files.newInputStream(file)) {
            byte[] chunk = in.readNBytes(CHUNK);
            do {
                bytes += chunk.length;
                sent.add(send(partition, sha256, sent.size(), chunk));
                chunk = in.readNBytes(CHUNK);
            } while (chunk.length > 0);
        }
        List<Long> offsets = new ArrayList<>();
        for (Future<RecordMetadata> one : sent) {
            offsets.add(acknowledged(one).offset());
        }
        Artifact artifact = new Artifact(sha256, bytes, partition, offsets, CHUNK);
        acknowledged(producer.send(new ProducerRecord<>(
                Topics.ARTIFACT_INDEX.name(),
                partition,
                sha256,
                codecs.of(Topics.ARTIFACT_INDEX).encode(artifact))));
        read(artifact);
        return artifact;
    }

    private Future<RecordMetadata> send(int partition, String sha256, int number, byte[] content) {
        byte[] value = codecs.of(Topics.ARTIFACTS).encode(new ArtifactChunk(sha256, number, ByteBuffer.wrap(content)));
        try {
            return producer.send(new ProducerRecord<>(Topics.ARTIFACTS.name(), partition, key(sha256, number), value));
        } catch (KafkaException e) {
            throw away();
        }
    }

    private static RecordMetadata acknowledged(Future<RecordMetadata> sent) {
        try {
            return sent.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw away();
        } catch (ExecutionException | TimeoutException e) {
            throw away();
        }
    }

    private static ProblemException away() {
        return new ProblemException(
                Problem.unavailable("The log can't be written: the upload changed nothing. Try again."));
    }

    @Override
    public InputStream open(Artifact artifact, long from) throws IOException {
        try {
            return new ArtifactStream(consumers.get(), codecs.of(Topics.ARTIFACTS), artifact, from);
        } catch (KafkaException e) {
            throw new IOException("The log can't be read.", e);
        }
    }

    @Override
    public void close() {
        producer.close(CLOSE_LIMIT);
    }
}
