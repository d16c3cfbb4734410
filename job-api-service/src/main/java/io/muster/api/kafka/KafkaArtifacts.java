package io.muster.api.kafka;

import io.muster.api.artifact.Artifacts;
import io.muster.api.artifact.Unreferenced;
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
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
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
import org.jspecify.annotations.Nullable;

/**
 * Keeps artifacts as chunks on a compacted topic, one partition an artifact, and an index that is written before the first chunk, as condemned, and behind the
 * last one. Each upload writes a copy under keys of its own: none is ever written again behind its deletion. Thread-safe.
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
    private final InstantSource clock;
    private final long most;
    /** Counts the bytes of those in the index, and of those that are being written here. */
    private final AtomicLong kept = new AtomicLong();

    /** Holds the copies by their keys: those of one content stand one behind another. */
    private final ConcurrentNavigableMap<String, Artifact> index = new ConcurrentSkipListMap<>();

    /** Makes one without artifacts. @param properties of a Kafka client @param most bytes of all artifacts */
    public KafkaArtifacts(Map<String, Object> properties, Codecs codecs, long most, InstantSource clock) {
        this(producer(properties), () -> consumer(properties), codecs, most, clock);
    }

    /** Makes one. @param producer is closed with it @param consumers makes one for each reader, which closes it */
    KafkaArtifacts(
            Producer<String, byte[]> producer,
            Supplier<Consumer<String, byte[]>> consumers,
            Codecs codecs,
            long most,
            InstantSource clock) {
        this.clock = clock;
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

    /** Takes an artifact from the index. What is known already stays where this is how it was begun, as it is where what was written here is read back later. */
    synchronized void read(Artifact artifact) {
        Artifact before = index.get(Unreferenced.key(artifact));
        if (before == null || !artifact.getOffsets().isEmpty()) {
            index.put(Unreferenced.key(artifact), artifact);
            kept.addAndGet(artifact.getBytes() - (before == null ? 0 : before.getBytes()));
        }
    }

    /** Forgets an artifact that was deleted. @param key of the index */
    synchronized void forget(String key) {
        Artifact before = index.remove(key);
        kept.addAndGet(before == null ? 0 : -before.getBytes());
    }

    /** Returns the bytes that all artifacts take. */
    public long bytes() {
        return kept.get();
    }

    /** Returns all copies that are there, and those that are being written. */
    Collection<Artifact> all() {
        return List.copyOf(index.values());
    }

    @Override
    public Optional<Artifact> find(String sha256) {
        return Unreferenced.best(index.subMap(sha256, sha256 + "A").values().stream());
    }

    static String key(Artifact artifact, int number) {
        return Unreferenced.key(artifact) + "/" + number;
    }

    @Override
    public Artifact keep(Path file, String sha256) throws IOException {
        Optional<Artifact> known = find(sha256).filter(artifact -> !artifact.getCondemned());
        if (known.isPresent()) {
            return known.get();
        }
        Instant from = clock.instant();
        Artifact begun = begin(file, sha256);
        List<Long> offsets = write(file, begun);
        if (from.plus(Unreferenced.GRACE.dividedBy(2)).isBefore(clock.instant())) {
            // Others may delete it as what an upload left that never ended.
            throw away();
        }
        return index(Artifact.newBuilder(begun)
                .setOffsets(offsets)
                .setCondemned(false)
                .build());
    }

    /** Makes room, and notes the copy before its chunks: what an upload leaves that does not end is found, and deleted. */
    private Artifact begin(Path file, String sha256) throws IOException {
        long expected = Files.size(file);
        try {
            if (kept.addAndGet(expected) > most) {
                throw new ProblemException(Problem.tooLarge("All uploads together have at most " + (most >> 20)
                        + " MiB, which this one would exceed: raise artifacts.total.mib. Nothing was changed."));
            }
            String copy = UUID.randomUUID().toString();
            return index(
                    new Artifact(sha256, expected, KeyPartition.of(sha256, PARTITIONS), List.of(), CHUNK, copy, true));
        } finally {
            // The index counts what is begun.
            kept.addAndGet(-expected);
        }
    }

    /** Writes the chunks. @return their offsets */
    private List<Long> write(Path file, Artifact begun) throws IOException {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] chunk = in.readNBytes(CHUNK);
            do {
                sent.add(send(begun, sent.size(), chunk));
                chunk = in.readNBytes(CHUNK);
            } while (chunk.length > 0);
        }
        List<Long> offsets = new ArrayList<>();
        for (Future<RecordMetadata> one : sent) {
            offsets.add(acknowledged(one).offset());
        }
        return offsets;
    }

    private Artifact index(Artifact artifact) {
        byte[] value = codecs.of(Topics.ARTIFACT_INDEX).encode(artifact);
        acknowledged(send(Topics.ARTIFACT_INDEX.name(), artifact, Unreferenced.key(artifact), value));
        read(artifact);
        return artifact;
    }

    /** Marks an artifact: no upload relies on it from now on. */
    void condemn(Artifact artifact) {
        index(Artifact.newBuilder(artifact).setCondemned(true).build());
    }

    /** Deletes an artifact: its chunks, and then its index. Once more where it failed. */
    void delete(Artifact artifact) {
        long chunks = Math.max(1, Math.ceilDiv(artifact.getBytes(), (long) artifact.getChunkBytes()));
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int number = 0; number < chunks; number++) {
            sent.add(send(Topics.ARTIFACTS.name(), artifact, key(artifact, number), null));
        }
        sent.forEach(KafkaArtifacts::acknowledged);
        acknowledged(send(Topics.ARTIFACT_INDEX.name(), artifact, Unreferenced.key(artifact), null));
        forget(Unreferenced.key(artifact));
    }

    private Future<RecordMetadata> send(Artifact of, int number, byte[] content) {
        ArtifactChunk chunk = new ArtifactChunk(of.getSha256(), number, ByteBuffer.wrap(content));
        return send(
                Topics.ARTIFACTS.name(),
                of,
                key(of, number),
                codecs.of(Topics.ARTIFACTS).encode(chunk));
    }

    private Future<RecordMetadata> send(String topic, Artifact of, String key, byte @Nullable [] value) {
        try {
            return producer.send(new ProducerRecord<>(topic, of.getPartition(), key, value));
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
